import { connect } from "node:net";

// raw-load.ts ADDRESS PORT CONNECTIONS SECONDS: one request after the other on each connection; prints how many were answered.
const [address = "", port = "", connections = "1", seconds = "1"] = process.argv.slice(2);
const REQUEST = `GET / HTTP/1.1\r\nHost: ${address}\r\n\r\n`;
const until = performance.now() + Number(seconds) * 1_000;
let answered = 0;
let open = Number(connections);

for (let i = 0; i < Number(connections); i++) {
  const socket = connect({ host: address, port: Number(port), noDelay: true });
  // Answers are small: each comes in one piece.
  socket
    .on("connect", () => socket.write(REQUEST, "latin1"))
    .on("data", () => {
      answered++;
      if (performance.now() < until) socket.write(REQUEST, "latin1");
      else socket.end();
    })
    .on("close", () => {
      if (--open === 0) process.stdout.write(String(answered));
    });
}
