// The reference of bench/fanout.py: the npm socket.io server doing what bench/fanout_server.py does.
// usage: node fanout_server.js; prints its port, then obeys lines on standard input: "broadcast COUNT", "quit".
const path = require("path");
const { createServer } = require("http");
const { Server } = require(path.join(__dirname, "../tests/clients/node_modules/socket.io"));

const http = createServer();
const io = new Server(http, { path: "/ws/", cors: { origin: "*" } });
const payload = JSON.parse(process.env.FANOUT_PAYLOAD);
const pause = 1000 * Number(process.env.FANOUT_PAUSE);
io.on("connection", (socket) => socket.join("company"));
http.listen(0, "127.0.0.1", () => console.log(http.address().port));

require("readline").createInterface({ input: process.stdin }).on("line", async (line) => {
  const [order, count] = line.split(" ");
  if (order === "quit") process.exit(0);
  for (let i = 0; i < Number(count); i++) {
    io.to("company").emit("texting.message.new", payload);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  console.log("sent");
});
