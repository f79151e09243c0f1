// usage: node sockets.js API_URL API_KEY [CONVERSATION_ID MESSAGE_ID...]
// The document's JavaScript, corrected: its `once` handlers take a parameter named socket, which is then undefined, and
// a brace is missing. Prints what happens as JSON lines; marks the messages as read, if there are any, and stays.
const { io } = require("socket.io-client");

const [API_URL, API_KEY, conversation_id, ...messagesIds] = process.argv.slice(2);
const say = (event, data) => process.stdout.write(JSON.stringify({ event, data }) + "\n");

const socket = io(API_URL, {
  path: "/ws",
  transports: ["websocket"],
  secure: true,
  autoConnect: false,
  reconnectionDelay: 1500,
});

for (const event of [
  "unauthorized",
  "texting.message.new",
  "texting.message.delete",
  "texting.message.markAsRead",
  "texting.chat.new",
  "texting.chat.delete",
  "user_status_updated",
]) {
  socket.on(event, (data) => say(event, data));
}

socket.once("connect", () => {
  socket.once("authenticated", (data) => {
    say("authenticated", data);
    if (conversation_id) {
      socket.emit("texting.message.markAsRead", { conversation_id, messagesIds });
    }
  });
  socket.emit("authenticate", { token: API_KEY });
});
socket.connect();
