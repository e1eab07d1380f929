import { createServer } from "node:net";

// raw-backend.ts ADDRESS PORT CONTENT: answers whatever comes with CONTENT.
const [address = "", port = "", content = ""] = process.argv.slice(2);
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n${content}`;
createServer({ noDelay: true }, (socket) => {
  socket.on("data", () => socket.write(ANSWER, "latin1")).on("error", () => undefined);
}).listen(Number(port), address);
