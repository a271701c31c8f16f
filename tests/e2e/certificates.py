"""A certificate authority for one test, made with the openssl command."""

import pathlib
import subprocess


class Authority:
    def __init__(self, directory, name="authority"):
        self.directory = pathlib.Path(directory)
        self.name = name
        self.key = self.new_key(name, "ec")
        self.certificate = self.directory / f"{name}.pem"
        self.run("req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}", "-days", "2",
                 "-out", self.certificate)

    def run(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def new_key(self, name, kind):
        file = self.directory / f"{name}.key"
        options = {"ec": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                   "rsa": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]}[kind]
        self.run("genpkey", "-algorithm", *options, "-out", file)
        return file

    def issue(self, name, *hosts, kind="ec"):
        """Certificate and key for these hosts, or for a client where there are none."""
        key = self.new_key(name, kind)
        request = self.directory / f"{name}.csr"
        extensions = self.directory / f"{name}.extensions"
        file = self.directory / f"{name}.pem"
        names = ",".join(f"DNS:{host}" for host in hosts)
        extensions.write_text(f"subjectAltName={names}\n" if hosts else "")
        self.run("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        self.run("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                 "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", file)
        return file, key
