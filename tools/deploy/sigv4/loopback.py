"""A server on loopback that keeps each request as it was on the wire, and answers `{}`."""

import socketserver
import threading


class Loopback:
    def __init__(self):
        self.requests = []
        self.statuses = []
        keeper = self

        class Connection(socketserver.StreamRequestHandler):
            def handle(self):
                while keeper.keep(self.rfile):
                    status = keeper.statuses.pop(0) if keeper.statuses else 200
                    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
                    self.wfile.write(head.encode() + b"{}")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Connection)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keep(self, stream):
        """Reads one request; false at the end of the connection."""
        line = stream.readline().decode("latin-1").rstrip("\r\n")
        if not line:
            return False
        method, rest = line.split(" ", 1)
        headers = []
        while line := stream.readline().decode("latin-1").rstrip("\r\n"):
            name, value = line.split(":", 1)
            headers.append([name, value.strip(" \t")])
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        body = stream.read(length).decode()
        target = rest.rsplit(" ", 1)[0]
        self.requests.append({"method": method, "target": target, "headers": headers, "body": body})
        return True

    def take(self):
        """Returns what has come since the last time."""
        taken, self.requests = self.requests, []
        return taken
