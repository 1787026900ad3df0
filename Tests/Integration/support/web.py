"""A real web server on loopback, and a client that says which host it wants."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import Any, NamedTuple


class Answer(NamedTuple):
    status: int
    body: Any


class Aquaria:
    """A running app for public aquaria. The one with Flask and the one with Django have the same pages."""

    def __init__(self, port):
        self.port = port

    def tanks(self, tenant):
        """What a visitor of TENANT.example.com sees."""
        return self.request("GET", f"{tenant}.example.com", "/tanks")

    def fill(self, tenant, species):
        """Has the tenant put a fish into a new tank, which is called after the tenant."""
        answer = self.request(
            "POST", f"{tenant}.example.com", "/tanks", {"name": f"the tank of {tenant}", "species": species}
        )
        assert answer.status == 201, answer

    def sign_up(self, tenant):
        """Has the app itself make a tenant, with the domain TENANT.example.com."""
        answer = self.request("POST", "www.example.com", "/tenants", {"name": tenant})
        assert answer == (201, tenant), answer

    def tenants(self):
        """The tenants that the app knows of."""
        return self.request("GET", "www.example.com", "/tenants").body

    def change(self, tenant, **attributes):
        """Has the app itself rename or deactivate a tenant."""
        answer = self.request("PATCH", "www.example.com", f"/tenants/{tenant}", attributes)
        assert answer.status == 200, answer

    def delete(self, tenant):
        """Has the app itself drop a tenant."""
        answer = self.request("DELETE", "www.example.com", f"/tenants/{tenant}")
        assert answer.status == 204, answer

    def request(self, method, host, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Host": host, "Content-Type": "application/json", "Connection": "close"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        is_json = response.headers.get_content_type() == "application/json"
        return Answer(response.status, json.loads(text) if is_json and text else text)


@contextmanager
def served(folder, app, environment):
    """Serves a WSGI app by eight threads, on a port that the system has chosen."""
    # The socket listens before the server has started: whoever comes early waits in its queue.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", f"--bind=fd://{listener.fileno()}", "--no-control-socket"]
        command += ["--worker-class=gthread", "--threads=8", app]
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, pass_fds=[listener.fileno()]
        )
    try:
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
