"""The proxies of docs/gateway.md, with the page's own configurations.

Each is a function `ask(host, *headers, target=..., method=..., body=...)` that sends a client's request through it. nginx
and Caddy are real. Traefik and Envoy are played: the gateway gets what their documentation says that they send, and of its
answer they take what the page's configuration tells them to.
"""

import os
import re
import subprocess
from contextlib import contextmanager
from functools import partial

from support.console import blocks
from support.gateway import free_port, listens, request, running, wait_until
from support.tenantctl import REPOSITORY

PAGE = list(blocks((REPOSITORY / "docs/gateway.md").read_text()))


def snippets(heading, language):
    """The texts of a section of docs/gateway.md in a language, in order."""
    return [block.text for block in PAGE if (block.heading, block.language) == (heading, language)]


def replaced(text, *replacements):
    """The text with each new one for an old one; an old one that is not there has been changed without its test."""
    for old, new in replacements:
        assert old in text, f"docs/gateway.md has no {old!r} any more in\n{text}"
        text = text.replace(old, new)
    return text


def _at(text, gateway, app):
    """The page's text, with the ports of this run."""
    return replaced(text, ("127.0.0.1:8017", f"127.0.0.1:{gateway}"), ("127.0.0.1:8000", f"127.0.0.1:{app}"))


@contextmanager
def nginx(folder, gateway, app, edit=lambda text: text):
    """nginx as the page has it, or with what `edit` makes of that."""
    port = free_port()
    folder.mkdir()
    paths = "".join(f"{part}_temp_path {folder}/{part}; " for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    # As root its workers would be another user, who may not enter the folders of pytest.
    user = "user root;" if os.geteuid() == 0 else ""
    page = replaced(edit(snippets("nginx", "nginx")[0]), ("listen 80 ", f"listen 127.0.0.1:{port} "))
    (folder / "nginx.conf").write_text(
        f"daemon off; {user} pid {folder}/pid; events {{}}\nhttp {{\naccess_log off; {paths}\n{_at(page, gateway, app)}}}\n"
    )
    command = ["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
    done = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with running(command, folder / "log", lambda: listens(port)):

        def ask(host, *headers, target="/orders", **more):
            return request(port, target, ("Host", host), *headers, **more)

        ask.port = port
        yield ask


@contextmanager
def caddy(folder, gateway, app):
    """Caddy as the page has it, except that its own authority signs the certificates.

    The function has one argument more, `sni`: the name for which the client wants a certificate.
    """
    port = free_port()
    folder.mkdir()
    options = ["admin off", "skip_install_trust", "auto_https disable_redirects", "default_bind 127.0.0.1"]
    options.append(f"storage file_system {folder}")
    page = _at(snippets("Caddy", "caddyfile")[0], gateway, app)
    page = replaced(page, ("https:// {", f"https://:{port} {{"), ("\ttls {", "\ttls internal {"))
    assert page.startswith("{\n")
    (folder / "Caddyfile").write_text("{\n" + "".join(f"\t{line}\n" for line in options) + page.removeprefix("{\n"))
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
    authority = folder / "pki/authorities/local/root.crt"
    with running(command, folder / "log", lambda: listens(port) and authority.exists(), cwd=folder, env=environment):

        def ask(host, *headers, target="/orders", sni="acme.com", **more):
            return request(port, target, ("Host", host), *headers, sni=sni, trusted=authority, **more)

        ask.port = port
        yield ask


def traefik(gateway, app):
    """As Traefik does it (documentation of forwardAuth; pkg/middlewares/auth/forward.go of version 3.7)."""
    page = snippets("Traefik", "yaml")[0]
    assert "trustForwardHeader: false" in page
    (path,) = re.findall(r"address: http://127\.0\.0\.1:8017(\S+)", page)
    (pattern,) = re.findall(r"authResponseHeadersRegex: (.+)", page)
    return partial(_traefik, gateway, app, path, re.compile(pattern))


def _traefik(gateway, app, path, pattern, host, *headers, target="/orders", method="GET", body=None):
    kept = [(name, value) for name, value in headers if not name.lower().startswith("x-forwarded-")]
    told = {"For": "127.0.0.1", "Method": method, "Proto": "http", "Host": host, "Uri": target}
    forwarded = [(f"X-Forwarded-{name}", value) for name, value in told.items()]
    answer = request(gateway, path, ("Host", f"127.0.0.1:{gateway}"), *kept, *forwarded, ("Accept-Encoding", "gzip"))
    if not 200 <= answer.status < 300:
        return answer
    passed = [(name, value) for name, value in kept if not pattern.search(name)]
    copied = [(name, value) for name, value in answer.headers.items() if pattern.search(name)]
    return request(app, target, ("Host", host), *passed, *copied, method=method, body=body)


def envoy(gateway, app):
    """As Envoy does it (documentation of ext_authz and its http_service; source/extensions/filters/common/ext_authz)."""
    page = snippets("Envoy", "yaml")[0]
    assert "headers_with_underscores_action: DROP_HEADER" in page
    (path,) = re.findall(r"path_prefix: (\S+)", page)
    (prefix,) = re.findall(r"allowed_upstream_headers: \{patterns: \[\{prefix: (\S+?)\}\]\}", page)
    (error,) = re.findall(r"status_on_error: \{code: (\d+)\}", page)
    return partial(_envoy, gateway, app, path, prefix, int(error))


def _envoy(gateway, app, path, prefix, error, host, *headers, target="/orders", method="GET", body=None):
    kept = [(name.lower(), value) for name, value in headers if "_" not in name]
    told = [("host", host), ("content-length", "0"), ("x-envoy-internal", "true"), ("x-forwarded-for", "127.0.0.1")]
    answer = request(gateway, path + target, *told, method=method)
    if answer.status >= 500:
        return answer._replace(status=error)
    if answer.status != 200:
        return answer
    # They are set one by one, in the place of the client's header of the same name.
    copied = {name.lower(): value for name, value in answer.headers.items() if name.lower().startswith(prefix)}
    passed = [(name, value) for name, value in kept if name not in copied]
    return request(app, target, ("host", host), *passed, *copied.items(), method=method, body=body)
