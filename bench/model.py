"""A model that gives one answer at once. Prints the port of 127.0.0.1 at which it listens."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = b'{"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "SELECT 1"}}]}'


class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
print(server.server_port, flush=True)
server.serve_forever()
