#!/usr/bin/env python3
"""Serves recorded replies over the Chat Completions API, for `eval/demo.sh`.

Usage: recorded.py FILE: prints the base URL and serves until it is ended. A line of FILE is a JSON object with question and
replies: the first for the question, the next ones for what follows a refused reply. A reply is text, or an object that is
sent as JSON. Each costs 100 + 20 tokens.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

with open(sys.argv[1], encoding="utf-8") as recording:
    REPLIES = {entry["question"]: entry["replies"] for entry in map(json.loads, recording)}


def reply_to(messages):
    asked = [i for i, message in enumerate(messages) if message["role"] == "user" and message["content"] in REPLIES]
    if not asked:
        return {"sql": None, "problem": "there is no recorded reply to this question"}
    replies = REPLIES[messages[asked[-1]]["content"]]
    refused = sum(message["role"] == "assistant" for message in messages[asked[-1]:])
    return replies[min(refused, len(replies) - 1)]


class Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = reply_to(request["messages"])
        content = reply if isinstance(reply, str) else json.dumps(reply)
        body = json.dumps({
            "object": "chat.completion", "model": request["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
print(f"http://127.0.0.1:{server.server_port}/v1?recorded", flush=True)
server.serve_forever()
