"""Well-behaved devices: numbered lines at a steady rate from addresses of their own."""

import socket
import ssl
import threading
import time

from arena import NUMBERS_EACH
from harness.senders import frame

LINE = b"<134>1 - device-%d soak - - - line %d of a device that does nothing wrong ~mk:%010d%016d"
TICK_S = 0.05


def line(device, number):
    if number >= NUMBERS_EACH:
        raise AssertionError("a device may send only so many lines")
    mark = device * NUMBERS_EACH + number
    return LINE % (device, number, mark, time.monotonic_ns() // 1000)


class Device(threading.Thread):
    """Sends until told to end. `sent` lines have been handed to the kernel."""

    def __init__(self, number, address, port, rate_per_s):
        super().__init__(daemon=True)
        self.number, self.address, self.port = number, address, port
        self.rate_per_s = rate_per_s
        self.sent = 0
        self.sent_at = []  # monotonic seconds of each line
        self.error = None
        self.ended = threading.Event()

    def run(self):
        begin = time.monotonic()
        try:
            while not self.ended.wait(TICK_S):
                due = int((time.monotonic() - begin) * self.rate_per_s)
                while self.sent < due:
                    self.sent_at.append(time.monotonic())
                    self.send(line(self.number, self.sent))
                    self.sent += 1
        except OSError as error:
            self.error = error

    def stop(self):
        self.ended.set()
        self.join()

    @property
    def numbers(self):
        first = self.number * NUMBERS_EACH
        return first, first + NUMBERS_EACH


class Datagrams(Device):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, 0))

    def send(self, text):
        self.socket.sendto(text, ("127.0.0.1", self.port))

    def close(self):
        self.socket.close()


class Stream(Device):
    """Over TCP; with `tls` over TLS; `preface` goes first (a PROXY header)."""

    def __init__(self, *arguments, tls=False, preface=b""):
        super().__init__(*arguments)
        self.framing = ("lf", "octet")[self.number % 2]
        there = ("127.0.0.1", self.port)
        self.socket = socket.create_connection(there, 30, source_address=(self.address, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(preface)
        if tls:
            self.socket = trusting().wrap_socket(self.socket)
        self.socket.settimeout(120)

    def send(self, text):
        self.socket.sendall(frame(text, self.framing))

    def close(self):
        self.socket.close()


def trusting():
    """A TLS client that asks nobody who the server is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
