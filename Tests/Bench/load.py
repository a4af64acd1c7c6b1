"""A load generator: prepared requests over so many connections, one request at a time on each, one process, epoll."""
import select
import socket
import time


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.since = 0.0

    def send(self, request):
        self.received = b""
        self.since = time.perf_counter()
        self.socket.sendall(request)

    def answer(self):
        """The status once the answer is complete, else None. Answers here have a Content-Length and are small."""
        self.received += self.socket.recv(65536)
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        lengths = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return int(head[9:12]) if len(body) >= (lengths or [0])[0] else None


def run(port, requests, connections):
    """Sends every request once. Returns (seconds, sorted latencies, statuses by count)."""
    poll, by_descriptor = select.epoll(), {}
    waiting = iter(requests)
    latencies, statuses = [], {}
    start = time.perf_counter()
    for request in (r for _, r in zip(range(connections), waiting)):
        connection = Connection(port)
        by_descriptor[connection.socket.fileno()] = connection
        poll.register(connection.socket.fileno(), select.EPOLLIN)
        connection.send(request)
    while by_descriptor:
        for descriptor, _ in poll.poll():
            connection = by_descriptor[descriptor]
            status = connection.answer()
            if status is None:
                continue
            latencies.append(time.perf_counter() - connection.since)
            statuses[status] = statuses.get(status, 0) + 1
            request = next(waiting, None)
            if request is None:
                poll.unregister(descriptor)
                del by_descriptor[descriptor]
                connection.socket.close()
            else:
                connection.send(request)
    return time.perf_counter() - start, sorted(latencies), statuses
