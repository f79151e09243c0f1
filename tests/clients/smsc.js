// An SMSC for tests, on the npm library `smpp` (node-smpp 0.5.1), run as a child process.
//
//   node smsc.js '<configuration as JSON>'
//
// It speaks JSON lines: events on stdout, commands on stdin; it ends when stdin does.
//
// CONFIGURATION (all optional; "configure" changes any but host, port, tls and log while it runs)
//   host "127.0.0.1", port 0          where it listens; 0 takes a free port
//   tls {key, cert}                   paths of PEM files: listens with TLS
//   accounts {"ringmain": "secret"}   system_id -> password; else the bind is refused with 0x0F / 0x0E
//   bind_status 0                     a status that every bind is refused with
//   bind_silent false                 never answers a bind
//   close_on_refusal false            hangs up after a refused bind (the default keeps the socket open)
//   id_format "hex"                   message ids: "hex" (8 digits), "decimal", "uuid"
//   receipt_id_format                 spelling of the id in receipts, id_format if absent
//   receipts "after"                  "after" | "before" the submit_sm_resp | "duplicate" | "none"
//   receipt_delay_ms 0                how long after the answer
//   receipt_state "DELIVRD"           DELIVRD EXPIRED DELETED UNDELIV ACCEPTD UNKNOWN REJECTD
//   receipt_tlvs true                 receipted_message_id and message_state beside the text
//   receipt_error "000"               the err: of the text
//   submit_status 0                   refuses every submit_sm with it
//   destinations {}                   destination_addr -> an object with any of: submit_status, receipts,
//                                     receipt_delay_ms, receipt_state, receipt_error, silent
//   throttle 0                        accepts so many submit_sm a second, answers 0x58 above that
//   throttle_status 0x58
//   silent ""                         "submit": takes submit_sm but never answers; "all": answers nothing
//   redeliver_ms 500                  a deliver_sm that was refused, or cut off, is sent again after so long
//   redeliver true
//   quiet false                       the fast mode: no "submit" events, no receipts (see "stats" instead)
//   log ""                            a file: every accepted submit_sm is appended as a JSON line, written
//                                     before the answer goes out, so it survives a SIGKILL of this process
//
// EVENTS
//   {event:"listening", port}
//   {event:"bound", session, system_id, mode}      {event:"bind_refused", system_id, status}
//   {event:"submit", ...}  with message_id, session, source, source_ton, source_npi, destination,
//       destination_ton, destination_npi, esm_class, data_coding, registered_delivery, octets (hex of
//       short_message or message_payload), udh (hex), text, user_message_reference, reference (TLV 0x1400 as
//       text), sar [reference, total, index] or null, payload (true if by message_payload). A line of `log`
//       has the same fields and `at` in ms.
//   {event:"delivered", tag, status, receipt, attempt}   a deliver_sm was answered
//   {event:"unbound", session}   {event:"closed", session}   {event:"answered_unbind", session}
//   {reply: id, ...}             the answer to the command with that id; {reply: id, error} if it failed
//
// COMMANDS: {"id": 1, "do": name, ...}
//   configure {set: {...}}       merges into the configuration
//   stats                        {accepted, throttled, refused, unanswered, sessions, enquiries, undelivered}
//   deliver                      sends a message to the ESME; the reply {statuses: [...]} comes when every part
//       has been answered once. source, destination, text, data_coding (0 GSM-7, 3 Latin-1, 8 UCS-2),
//       via "plain" | "udh8" | "udh16" | "sar" | "payload", part_octets (octets of text a part), order
//       ([2, 0, 1]: which parts, in which order; repeat an index for a duplicate), reference, hex (octets
//       instead of text), esm_class, system_id (default: any account with a receiving session), tlvs (an object
//       of the library's names)
//   raw {hex}                    writes octets to every session
//   unbind                       sends unbind to every session
//   disconnect                   cuts every connection
//   stop                         leaves
'use strict';
const fs = require('fs');
const crypto = require('crypto');
const readline = require('readline');
const smpp = require('smpp');

const config = Object.assign({
  host: '127.0.0.1', port: 0, accounts: { ringmain: 'secret' }, bind_status: 0, bind_silent: false,
  close_on_refusal: false, id_format: 'hex', receipts: 'after', receipt_delay_ms: 0,
  receipt_state: 'DELIVRD', receipt_tlvs: true, receipt_error: '000', submit_status: 0, destinations: {},
  throttle: 0, throttle_status: 0x58, silent: '', redeliver_ms: 500, redeliver: true, quiet: false, log: '',
}, JSON.parse(process.argv[2] || '{}'));

const STATES = { ENROUTE: 1, DELIVRD: 2, EXPIRED: 3, DELETED: 4, UNDELIV: 5, ACCEPTD: 6, UNKNOWN: 7, REJECTD: 8 };
const GSM = { 0: 'ASCII', 1: 'ASCII', 3: 'LATIN1', 8: 'UCS2' };
const UDHI = 0x40;

// Octets as they are: the library would decode them, and we report both.
smpp.filters.message.decode = (value) => value;
smpp.PDU.maxLength = 70000;

const stats = { accepted: 0, throttled: 0, refused: 0, unanswered: 0, enquiries: 0 };
const sessions = new Map();
const outboxes = new Map();
const log = config.log ? fs.openSync(config.log, 'a') : null;
// Ids go on from the log's, so that a restarted SMSC repeats none.
let lastId = config.log ? fs.readFileSync(config.log, 'utf8').split('\n').length : 0;
let lastSession = 0;
let tokens = 0;
let filledAt = Date.now();

let lines = [];
function tell(line) {
  if (!lines.length) setImmediate(() => { process.stdout.write(lines.join('')); lines = []; });
  lines.push(JSON.stringify(line) + '\n');
}

function spelled(number, format) {
  if (format === 'decimal') return String(number);
  if (format === 'uuid') {
    const hex = crypto.createHash('md5').update(String(number)).digest('hex');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
  return number.toString(16).padStart(8, '0');
}

function throttled() {
  if (!config.throttle) return false;
  const now = Date.now();
  tokens = Math.min(Math.max(1, config.throttle / 10), tokens + (now - filledAt) * config.throttle / 1000);
  filledAt = now;
  if (tokens < 1) return true;
  tokens -= 1;
  return false;
}

function decoded(octets, dataCoding) {
  const coder = smpp.encodings[GSM[dataCoding]];
  return coder ? coder.decode(octets) : octets.toString('latin1');
}

function described(session, pdu, messageId) {
  const octets = pdu.short_message && pdu.short_message.length ? pdu.short_message
    : pdu.message_payload || Buffer.alloc(0);
  const header = pdu.esm_class & UDHI ? octets.subarray(0, octets[0] + 1) : Buffer.alloc(0);
  const vendor = pdu[0x1400];
  return {
    message_id: messageId, session: session.number, source: pdu.source_addr, source_ton: pdu.source_addr_ton,
    source_npi: pdu.source_addr_npi, destination: pdu.destination_addr, destination_ton: pdu.dest_addr_ton,
    destination_npi: pdu.dest_addr_npi, esm_class: pdu.esm_class, data_coding: pdu.data_coding,
    registered_delivery: pdu.registered_delivery, octets: octets.toString('hex'), udh: header.toString('hex'),
    text: decoded(octets.subarray(header.length), pdu.data_coding),
    user_message_reference: pdu.user_message_reference === undefined ? null : pdu.user_message_reference,
    reference: vendor ? vendor.toString('latin1') : null,
    sar: pdu.sar_total_segments === undefined ? null
      : [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum],
    payload: Boolean(pdu.message_payload),
  };
}

function submitted(session, pdu) {
  if (config.silent === 'all') return;
  const rule = Object.assign({}, config, config.destinations[pdu.destination_addr]);
  if (throttled()) {
    stats.throttled += 1;
    session.send(pdu.response({ command_status: config.throttle_status }));
    return;
  }
  if (rule.submit_status) {
    stats.refused += 1;
    session.send(pdu.response({ command_status: rule.submit_status }));
    return;
  }
  const number = ++lastId;
  const messageId = spelled(number, config.id_format);
  stats.accepted += 1;
  if (log !== null || !config.quiet) {
    const seen = described(session, pdu, messageId);
    if (log !== null) fs.writeSync(log, JSON.stringify(Object.assign({ at: Date.now() }, seen)) + '\n');
    if (!config.quiet) tell(Object.assign({ event: 'submit' }, seen));
  }
  const receipted = !config.quiet && pdu.registered_delivery & 1 && rule.receipts !== 'none';
  if (receipted && rule.receipts === 'before') receipt(session, pdu, number, rule);
  if (rule.silent) {
    stats.unanswered += 1;
    return;
  }
  session.send(pdu.response({ message_id: messageId }));
  if (receipted && rule.receipts !== 'before') {
    const send = () => {
      receipt(session, pdu, number, rule);
      if (rule.receipts === 'duplicate') receipt(session, pdu, number, rule);
    };
    if (rule.receipt_delay_ms) setTimeout(send, rule.receipt_delay_ms);
    else setImmediate(send);
  }
}

function receipt(session, pdu, number, rule) {
  const id = spelled(number, config.receipt_id_format || config.id_format);
  const stat = rule.receipt_state;
  const now = new Date().toISOString().replace(/[-:T]/g, '').slice(2, 12);
  const options = {
    esm_class: 0x04, data_coding: 0, source_addr: pdu.destination_addr, source_addr_ton: pdu.dest_addr_ton,
    source_addr_npi: pdu.dest_addr_npi, destination_addr: pdu.source_addr,
    dest_addr_ton: pdu.source_addr_ton, dest_addr_npi: pdu.source_addr_npi,
    short_message: Buffer.from(`id:${id} sub:001 dlvrd:${stat === 'DELIVRD' ? '001' : '000'} submit date:${now} `
      + `done date:${now} stat:${stat} err:${rule.receipt_error} text:-`, 'latin1'),
  };
  if (config.receipt_tlvs) {
    options.receipted_message_id = id;
    options.message_state = STATES[stat];
  }
  put(session.systemId, { options, receipt: true, tag: id, attempt: 0 });
}

// What waits for an ESME is kept until it is acknowledged, also over a lost connection.
function put(systemId, item) {
  if (!outboxes.has(systemId)) outboxes.set(systemId, new Set());
  outboxes.get(systemId).add(item);
  item.systemId = systemId;
  send(item);
}

function receiving(systemId) {
  const able = [...sessions.values()].filter((s) => s.systemId === systemId && s.mode !== 'transmitter');
  return able[Math.floor(Math.random() * able.length)];
}

function send(item) {
  const outbox = outboxes.get(item.systemId);
  const session = receiving(item.systemId);
  if (!session || !outbox.has(item) || item.on) return;
  item.on = session;
  item.attempt += 1;
  session.deliver_sm(Object.assign({}, item.options), (answer) => {
    item.on = null;
    tell({ event: 'delivered', tag: item.tag, status: answer.command_status, receipt: item.receipt,
      attempt: item.attempt });
    if (item.answered) item.answered(answer.command_status);
    if (!answer.command_status || !config.redeliver) outbox.delete(item);
    else setTimeout(() => send(item), config.redeliver_ms);
  });
}

function parts(command) {
  const coding = command.data_coding || 0;
  const via = command.via || 'plain';
  const octets = command.hex !== undefined ? Buffer.from(command.hex, 'hex')
    : smpp.encodings[GSM[coding]].encode(command.text);
  const size = via === 'plain' || via === 'payload' ? octets.length || 1
    : command.part_octets || (coding === 8 ? 134 : 153);
  const cut = [];
  for (let at = 0; at < Math.max(1, octets.length); at += size) cut.push(octets.subarray(at, at + size));
  const reference = command.reference === undefined ? 7 : command.reference;
  const all = cut.map((octetsOfPart, index) => {
    const options = Object.assign({
      esm_class: command.esm_class || 0, data_coding: coding, source_addr: command.source,
      destination_addr: command.destination, source_addr_ton: 1, source_addr_npi: 1, dest_addr_ton: 1,
      dest_addr_npi: 1, short_message: octetsOfPart,
    }, command.tlvs);
    if (via === 'udh8') {
      options.short_message = {
        udh: Buffer.from([5, 0, 3, reference & 0xff, cut.length, index + 1]), message: octetsOfPart };
    } else if (via === 'udh16') {
      options.short_message = {
        udh: Buffer.from([6, 8, 4, reference >> 8, reference & 0xff, cut.length, index + 1]),
        message: octetsOfPart };
    } else if (via === 'sar') {
      Object.assign(options, { sar_msg_ref_num: reference, sar_total_segments: cut.length,
        sar_segment_seqnum: index + 1 });
    } else if (via === 'payload') {
      options.short_message = Buffer.alloc(0);
      options.message_payload = octetsOfPart;
    }
    return options;
  });
  return (command.order || all.map((_, index) => index)).map((index) => all[index]);
}

function bind(session, pdu, mode) {
  const refuse = (status) => {
    tell({ event: 'bind_refused', system_id: pdu.system_id, status });
    session.send(pdu.response({ command_status: status }));
    if (config.close_on_refusal) session.close();
  };
  if (config.bind_silent || config.silent === 'all') return;
  if (config.bind_status) return refuse(config.bind_status);
  if (!(pdu.system_id in config.accounts)) return refuse(smpp.ESME_RINVSYSID);
  if (config.accounts[pdu.system_id] !== pdu.password) return refuse(smpp.ESME_RINVPASWD);
  Object.assign(session, { systemId: pdu.system_id, mode });
  sessions.set(session.number, session);
  session.send(pdu.response({ system_id: 'smsc' }));
  tell({ event: 'bound', session: session.number, system_id: pdu.system_id, mode });
  for (const item of outboxes.get(pdu.system_id) || []) send(item);
}

const open = new Set();
function serve(session) {
  session.number = ++lastSession;
  open.add(session);
  session.socket.setNoDelay(true);
  for (const mode of ['transceiver', 'transmitter', 'receiver']) {
    session.on(`bind_${mode}`, (pdu) => bind(session, pdu, mode));
  }
  session.on('submit_sm', (pdu) => {
    if (session.systemId && session.mode !== 'receiver') submitted(session, pdu);
    else session.send(pdu.response({ command_status: smpp.ESME_RINVBNDSTS }));
  });
  session.on('data_sm', (pdu) => session.send(pdu.response({ message_id: spelled(++lastId, config.id_format) })));
  session.on('enquire_link', (pdu) => {
    stats.enquiries += 1;
    if (config.silent !== 'all') session.send(pdu.response());
  });
  session.on('unbind', (pdu) => {
    tell({ event: 'unbound', session: session.number });
    if (config.silent === 'all') return;
    session.send(pdu.response());
    session.close();
  });
  session.on('unbind_resp', () => tell({ event: 'answered_unbind', session: session.number }));
  session.on('error', () => {});
  session.on('close', () => {
    open.delete(session);
    sessions.delete(session.number);
    tell({ event: 'closed', session: session.number });
    for (const item of outboxes.get(session.systemId) || []) {
      if (item.on === session) {
        item.on = null;
        send(item);
      }
    }
  });
}

const commands = {
  configure: async (command) => { Object.assign(config, command.set); return {}; },
  stats: async () => Object.assign({ sessions: sessions.size,
    undelivered: [...outboxes.values()].reduce((sum, outbox) => sum + outbox.size, 0) }, stats),
  deliver: async (command) => {
    const receivers = [...sessions.values()].filter((s) => s.mode !== 'transmitter');
    const systemId = command.system_id || (receivers.length ? receivers[0].systemId : Object.keys(config.accounts)[0]);
    const statuses = await Promise.all(parts(command).map((options) => new Promise((resolve) => {
      put(systemId, { options, receipt: false, tag: command.id, attempt: 0, answered: resolve });
    })));
    return { statuses };
  },
  raw: async (command) => { for (const s of open) s.socket.write(Buffer.from(command.hex, 'hex')); return {}; },
  unbind: async () => { for (const s of sessions.values()) s.unbind(); return {}; },
  disconnect: async () => { for (const s of open) s.destroy(); return {}; },
  stop: async () => { setImmediate(() => process.exit(0)); return {}; },
};

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const command = JSON.parse(line);
  try {
    tell(Object.assign({ reply: command.id }, await commands[command.do](command)));
  } catch (error) {
    tell({ reply: command.id, error: String(error) });
  }
}).on('close', () => process.exit(0));

const options = config.tls
  ? { key: fs.readFileSync(config.tls.key), cert: fs.readFileSync(config.tls.cert) } : {};
const server = smpp.createServer(options, serve);
server.on('tlsClientError', () => {});
server.listen(config.port, config.host, () => tell({ event: 'listening', port: server.address().port }));
