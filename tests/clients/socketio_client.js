// usage: node socketio_client.js URL OPTIONS [GREETINGS]
// Connects with the npm socket.io-client and prints one JSON line for each thing that happens. OPTIONS is the client's
// option object, GREETINGS a list of [event, argument] sent on connecting, each printed when it is acknowledged.
const { io } = require("socket.io-client");

const [url, options, greetings] = process.argv.slice(2);
const socket = io(url, JSON.parse(options));
const say = (event, ...args) => process.stdout.write(JSON.stringify({ event, args }) + "\n");

socket.io.on("open", () => socket.io.engine.once("upgrade", (transport) => say("upgrade", transport.name)));
socket.on("connect", () => {
  say("connect", socket.io.engine.transport.name);
  for (const [event, argument] of JSON.parse(greetings ?? "[]")) {
    socket.emit(event, argument, (answer) => say("ack", event, answer));
  }
});
socket.on("connect_error", (error) => say("connect_error", error.message));
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.onAny((event, ...args) => say(event, ...args));
