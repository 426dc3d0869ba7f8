# SPDX-License-Identifier: Apache-2.0
"""What provstamp export tells other programs, read by theirs."""

import hashlib
import json
import os
import pathlib
import re
import subprocess

import pytest

from support import programs, stamping
from support.questions import ask  # noqa: F401 (a fixture)

PYTHON = programs.REPOSITORY / ".build" / "clients" / "bin" / "python"
READER = pathlib.Path(__file__).parent / "support" / "export_reader.py"
SESSION, OTHER = stamping.SESSION, stamping.OTHER


@pytest.fixture
def work(private):
    (private / "d").mkdir()
    for name, fields in [("plain", {}), ("d/others", {"session": OTHER, "uid": 65534, "comm": b"vim"}),
                         ("kept", {"flags": 0}), ("over", {})]:
        stamping.put(private / name, **fields)
    os.setxattr(private / "over", "user.prov.log", stamping.encode(session=OTHER, inode=1))
    odd = os.fsencode(private) + b"/\xff\"\n"
    stamping.put(odd, comm=b"<\xfe>")
    stamping.put(private / "stale", when=1_600_000_000 * 10**9)
    stamping.put(private / "copied", inode=1)
    (private / "bare").touch()
    return private


@pytest.fixture
def export(ask):
    def run(form, *arguments, expected=0, **options):
        done = ask("export", "--format", form, *arguments, **options)
        assert done.returncode == expected, done.stderr
        return done
    return run


def read(form, exported, *arguments, fails=False):
    assert PYTHON.exists(), f"no {PYTHON}: run scripts/setup check"
    done = subprocess.run([PYTHON, READER, form, *arguments], input=exported, capture_output=True, check=False)
    assert (done.returncode != 0) == fails, done.stderr.decode()
    return done.stderr.decode() if fails else json.loads(done.stdout)


def test_prov_is_read_by_the_prov_library(work, export):
    found = read("prov-json", export("prov-json").stdout)
    assert set(found["entities"].values()) == {
        "./plain", "./d/others", "./kept", "./over", "./\ufffd\"\n", "./stale"}
    names = {identifier: label for identifier, label in found["entities"].items()}
    generated = {names[entity]: activity for entity, activity, *_ in found["generations"]}
    assert generated["./plain"] == f"provstamp:session-{SESSION}"
    assert generated["./d/others"] == f"provstamp:session-{OTHER}"
    # Who wrote what is there now is not known.
    assert "./stale" not in generated and len(generated) == 5
    assert f"wasAssociatedWith(provstamp:session-{OTHER}, provstamp:user-65534, -)" in re.sub(
        r"_:\S+; ", "", found["text"])


def test_ocsf_is_as_its_schema_has_it(work, export):
    events = read("ocsf", export("ocsf", "--session", SESSION).stdout)
    by_path = {event["file"]["path"]: event for event in events}
    assert set(by_path) == {"./plain", "./kept", "./over", "./\ufffd\"\n", "./stale"}
    assert by_path["./stale"]["time"] == 1_600_000_000_000
    plain = by_path["./plain"]
    assert plain["actor"] == {"process": {"name": "sed", "pid": 4242, "user": {"uid": "0", "name": "root"}},
                              "session": {"uid": SESSION}}
    assert (plain["type_uid"], plain["file"]["type_id"], plain["file"]["size"]) == (100103, 1, 8)
    assert by_path["./stale"]["unmapped"]["state"] == "changed"


def test_a_statement_has_the_contents_whose_stamps_hold(work, export):
    done = export("in-toto", "--session", SESSION)
    found = read("in-toto", done.stdout)
    digest = hashlib.sha256(b"content\n").hexdigest()
    assert found["subjects"] == dict.fromkeys(["./plain", "./kept", "./over", "./\ufffd\"\n"], digest)
    assert b"1 file left out" in done.stderr
    predicate = json.loads(done.stdout)["predicate"]
    assert predicate["whole"] is False
    assert {entry["path"]: entry["deed"] for entry in predicate["files"]}["./over"] == "overwrote"


def make_key(directory, name, *algorithm):
    private_key, public_key = directory / f"{name}.pem", directory / f"{name}.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", *algorithm, "-out", private_key], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private_key, "-pubout", "-out", public_key], check=True)
    return private_key, public_key


def test_an_envelope_is_verified_by_securesystemslib(work, home, export):
    private_key, public_key = make_key(home, "key", "ed25519")
    exported = export("in-toto", "--key", private_key, "plain", "d").stdout
    found = read("envelope", exported, public_key)
    assert found["type"] == "application/vnd.in-toto+json"
    assert set(found["statement"]["subjects"]) == {"plain", "d/others"}
    _, other = make_key(home, "other", "ed25519")
    assert "signature" in read("envelope", exported, other, fails=True)
    forged = json.loads(exported)
    forged["payload"] = json.loads(export("in-toto", "--key", private_key, "kept").stdout)["payload"]
    assert "signature" in read("envelope", json.dumps(forged).encode(), public_key, fails=True)


def test_a_key_that_is_none_is_trouble(work, home, export):
    rsa, _ = make_key(home, "rsa", "RSA")
    (home / "text").write_text("no key")
    for key in (rsa, home / "text", home / "missing"):
        done = export("in-toto", "--key", key, "plain", expected=2)
        assert done.stdout == b"" and os.fsencode(key) in done.stderr and b"way out" in done.stderr
    done = export("in-toto", "--key", rsa, "plain", expected=2, env={"PATH": str(home)})
    assert b"cannot run openssl" in done.stderr and b"apt install openssl" in done.stderr
    assert b"agent-trace has no signature" in export("agent-trace", "--key", rsa, expected=2).stderr


def test_a_trace_record_claims_lines_of_created_files_alone(work, export):
    (work / "two").write_text("one\ntwo")
    stamping.put(work / "two")
    (work / "empty").touch()
    stamping.put(work / "empty")
    record = json.loads(export("agent-trace").stdout)
    assert set(record) == {"version", "id", "timestamp", "tool", "files", "metadata"}
    assert record["version"] == "0.1"
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", record["id"])
    found = {entry["path"]: entry["conversations"][0] for entry in record["files"]}
    kinds = {path: conversation["contributor"]["type"] for path, conversation in found.items()}
    assert (kinds["./plain"], kinds["./kept"], kinds["./over"]) == ("ai", "unknown", "unknown")
    assert "./stale" not in found and found["./empty"]["ranges"] == []
    [lines] = found["./two"]["ranges"]
    assert (lines["start_line"], lines["end_line"]) == (1, 2)
    [related] = found["./two"]["related"]
    assert related == {"type": "session", "url": "urn:uuid:3f2a99c1-0102-0304-0506-0708090a0b0c"}


def test_nothing_to_tell(private, export):
    (private / "bare").touch()
    for form in ("agent-trace", "in-toto", "prov-json", "ocsf"):
        assert export(form, expected=1).stdout == b""
