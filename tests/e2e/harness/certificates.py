"""Certificates made for one run: an authority, a server, a client, and a stranger's client."""

import subprocess
from pathlib import Path

DAYS = "2"


def openssl(*arguments):
    command = ["openssl", *[str(argument) for argument in arguments]]
    subprocess.run(command, check=True, capture_output=True, timeout=30)


class Certificates:
    """Files, by name: ca.crt, stranger_ca.crt, and .crt/.key of server, client and stranger."""

    def __init__(self, directory: Path):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.authority("ca")
        self.authority("stranger_ca")
        self.issue("server", "ca", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1")
        self.issue("client", "ca", "extendedKeyUsage=clientAuth")
        self.issue("stranger", "stranger_ca", "extendedKeyUsage=clientAuth")

    def path(self, name):
        return str(self.directory / name)

    def key_options(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"] + [
            "-keyout",
            self.path(f"{name}.key"),
        ]

    def authority(self, name):
        out = ["-out", self.path(f"{name}.crt"), "-days", DAYS, "-subj", f"/CN=weir e2e {name}"]
        openssl("req", "-x509", *self.key_options(name), *out)

    def issue(self, name, issuer, extension):
        request = self.path(f"{name}.csr")
        openssl("req", *self.key_options(name), "-out", request, "-subj", f"/CN={name}")
        extensions = self.directory / f"{name}.ext"
        extensions.write_text(extension + "\n")
        signer = ["-CA", self.path(f"{issuer}.crt"), "-CAkey", self.path(f"{issuer}.key")]
        out = ["-CAcreateserial", "-out", self.path(f"{name}.crt"), "-days", DAYS]
        openssl("x509", "-req", "-in", request, *signer, *out, "-extfile", extensions)

    def server_settings(self, mutual):
        settings = {"certificate": self.path("server.crt"), "key": self.path("server.key")}
        return {**settings, "client_ca": self.path("ca.crt")} if mutual else settings
