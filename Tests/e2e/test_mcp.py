# SPDX-License-Identifier: Apache-2.0
"""provstamp mcp, asked by the official client of the Model Context Protocol, and by nobody's."""

import json
import os
import pathlib
import subprocess

import pytest

from support import programs, stamping
from support.mounts import PATIENCE
from support.questions import ask, tree  # noqa: F401 (fixtures)

PYTHON = programs.REPOSITORY / ".build" / "clients" / "bin" / "python"
CLIENT = pathlib.Path(__file__).parent / "support" / "mcp_client.py"
SESSION, OTHER = stamping.SESSION, stamping.OTHER


@pytest.fixture
def client(private):
    """client([tool, arguments], …): what the official client got."""
    assert PYTHON.exists(), f"no {PYTHON}: run scripts/setup check"

    def run(*calls, command=("mcp",)):
        done = subprocess.run([PYTHON, CLIENT, programs.provstamp(), *command], input=json.dumps(calls).encode(),
                              cwd=private, capture_output=True, check=False, timeout=PATIENCE * 4)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)
    return run


def records(answer):
    return [json.loads(line) for line in answer["content"][0]["text"].splitlines()]


def test_the_official_client_reads_what_the_server_is(client):
    found = client()
    assert found["server"]["serverInfo"]["name"] == "provstamp"
    assert found["server"]["protocolVersion"] == "2025-11-25"
    assert [tool["name"] for tool in found["tools"]] == ["who", "find", "verify", "status", "report"]
    for tool in found["tools"]:
        assert tool["annotations"]["readOnlyHint"] is True
        assert tool["inputSchema"]["additionalProperties"] is False


def test_tools_answer_as_the_commands_do(tree, client, ask):
    subprocess.run(["git", "init", "-q", tree], check=True)
    calls = {("who", "own", "bare"): ["who", {"paths": ["own", "bare"]}],
             ("find", "--session", SESSION, "--limit=200"): ["find", {"session": SESSION}],
             ("find", "--user=65534", "--limit=1", "."): ["find", {"user": "65534", "limit": 1, "paths": ["."]}],
             ("find", "--comm=vim", "--until=2021-01-01", "--limit=200"): [
                 "find", {"program": "vim", "until": "2021-01-01"}],
             ("verify", "--all", "--exclude=d"): ["verify", {"all": True, "exclude": "d"}],
             ("verify",): ["verify", {"all": False}],
             ("status",): ["status", {}],
             ("status", "--session", OTHER, "."): ["status", {"session": OTHER, "paths": ["."]}],
             ("report", "--session", SESSION): ["report", {"session": SESSION}]}
    found = client(*calls.values())
    for words, answer in zip(calls, found["answers"]):
        done = ask(*words, "--json")
        assert sorted(map(repr, records(answer))) == sorted(
            repr(json.loads(line)) for line in done.stdout.splitlines()), words
        assert answer["isError"] is False
        remarks = [part["text"] for part in answer["content"][1:]]
        assert "".join(remarks).encode() == done.stderr


def test_the_servers_session_is_self(private, client):
    calls = [["find", {"session": "self"}]]
    outside = client(*calls)["answers"][0]
    assert outside["isError"] and "in no session" in outside["content"][0]["text"]
    inside = client(*calls, command=("run", "-q", "--", programs.provstamp(), "mcp"))["answers"][0]
    assert not inside["isError"] and records(inside)[-1]["found"] == 0


def test_trouble_is_an_error_with_what_is_known(tree, client):
    [answer] = client(["who", {"paths": ["own", "missing"]}])["answers"]
    assert answer["isError"] and records(answer)[0]["session"] == SESSION
    assert "missing: cannot read its stamp" in answer["content"][1]["text"]


def test_a_large_answer_is_cut_and_says_so(private, client):
    for number in range(600):
        stamping.put(private / f"{number:03}")
    [answer] = client(["find", {"limit": 1000}])["answers"]
    assert len(answer["content"][0]["text"]) <= 200_000
    found = records(answer)
    assert found[-1]["type"] == "summary" and found[-1]["found"] == 600
    left = int(answer["content"][-1]["text"].split("provstamp: ")[1].split()[0])
    assert len(found) - 1 + left == 600


# --- the protocol by hand


def talk(*lines, directory):
    text = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    done = subprocess.run([programs.provstamp(), "mcp"], input=text, capture_output=True, check=False,
                          cwd=directory, timeout=PATIENCE * 4)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def request(method, number=1, **parameters):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}


def code(answer):
    return answer["error"]["code"]


def test_versions_are_agreed_on(private):
    for wanted, got in [("2024-11-05", "2024-11-05"), ("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25")]:
        [answer] = talk(request("initialize", protocolVersion=wanted), directory=private)
        assert answer["result"]["protocolVersion"] == got


def test_what_is_no_request_is_told(private):
    answers = talk(b"garbage\n", b"{\"a\":}\n", b"[]\n", b"[" * 100_000 + b"\n", b"\"" + b"x" * (2 << 20) + b"\"\n",
                   {"jsonrpc": "1.0", "id": 1, "method": "ping"}, request("ping", None), request("nope", "n"),
                   b"\n  \n", {"jsonrpc": "2.0", "method": "notifications/initialized"},
                   {"jsonrpc": "2.0", "id": 5, "result": {}}, request("ping", 7), directory=private)
    assert [code(answer) for answer in answers[:-1]] == [
        -32700, -32700, -32600, -32700, -32700, -32600, -32600, -32601]
    assert answers[-2]["id"] == "n" and answers[-1] == {"jsonrpc": "2.0", "id": 7, "result": {}}


def test_no_argument_becomes_an_option(private):
    (private / "--help").touch()
    calls = [dict(name="who", arguments={"paths": ["--help"]}),
             dict(name="find", arguments={"session": "--unstamped"}),
             dict(name="find", arguments={"files-from": "/etc/passwd"}),
             dict(name="run", arguments={"paths": ["touch", "made"]}),
             dict(name="who", arguments={}),
             dict(name="who", arguments={"paths": ["a\0b"]}),
             dict(name="find", arguments={"limit": "1 --json"}),
             dict(name="status", arguments={"paths": [".", "."]}),
             dict(name="who", arguments=[]), dict()]
    answers = talk(*(request("tools/call", **call) for call in calls), directory=private)
    assert json.loads(answers[0]["result"]["content"][0]["text"])["path"] == "--help"
    assert answers[1]["result"]["isError"] and "no session is called that" in answers[1]["result"]["content"][0]["text"]
    assert [code(answer) for answer in answers[2:]] == [-32602] * 8
    assert os.listdir(private) == ["--help"]


def test_text_is_text_in_both_directions(private):
    name = "\u00fc \" \\ \U0001f600 \u202e"
    stamping.put(private / name)
    call = json.dumps(request("tools/call", name="who", arguments={"paths": [name]})).encode()
    assert b"\\ud83d\\ude00" in call
    [answer] = talk(call + b"\n", directory=private)
    assert json.loads(answer["result"]["content"][0]["text"])["path"] == name
    lone = call.replace(b"\\ud83d\\ude00", b"\\ud83d")
    assert code(talk(lone + b"\n", directory=private)[0]) == -32700
