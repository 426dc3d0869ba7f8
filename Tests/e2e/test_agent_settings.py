# SPDX-License-Identifier: Apache-2.0
"""provstamp agent: what it writes into agents' settings, and that it loses nothing there."""

import json
import os
import stat
import tomllib

import pytest

from support.questions import ask  # noqa: F401 (a fixture)

FILES = {"claude-code": (".mcp.json", "mcpServers"), "cursor": (".cursor/mcp.json", "mcpServers"),
         "gemini": (".gemini/settings.json", "mcpServers")}
SERVER = {"command": "provstamp", "args": ["mcp"]}
OTHERS = [
    b"{}", b"{ }\n", b'{"theme":"dark"}', b'{"theme": "d\\"}{", "n": 1e3,\n\t"list": [1, {"mcpServers": {}}]\n}\n',
    b'{"GROUP":{}}', b'{"GROUP": {\n    "a": {"command": "x"}\n  },\n  "z": null}',
    '{"ü": "\U0001f600", "GROUP": {"a": {"command": "x", "env": {"K": "}"}}, "b": {"url": "u"}}, "k": "\\u007b"}'.encode(),
]


@pytest.fixture
def agent(private, ask):
    def run(*words, expected=0, **options):
        done = ask("agent", *words, **options)
        assert done.returncode == expected, done
        return done
    return run


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("before", OTHERS, ids=range(len(OTHERS)))
def test_json_settings_keep_what_is_in_them(private, agent, name, before):
    place, group = FILES[name]
    before = before.replace(b"GROUP", group.encode())
    path = private / place
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(before)
    path.chmod(0o600)
    agent("install", name)
    wanted = json.loads(before)
    wanted.setdefault(group, {})["provstamp"] = SERVER
    after = path.read_bytes()
    assert json.loads(after) == wanted
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # All that was there is there still, in its order.
    rest = iter(after)
    assert all(byte in rest for byte in before)
    agent("install", name)
    assert path.read_bytes() == after
    agent("remove", name)
    del wanted[group]["provstamp"]
    assert json.loads(path.read_bytes()) == wanted
    agent("remove", name, expected=1)


@pytest.mark.parametrize("name", FILES)
def test_settings_that_are_not_there_are_made(private, agent, name):
    place, group = FILES[name]
    agent("install", name)
    assert json.loads((private / place).read_bytes()) == {group: {"provstamp": SERVER}}
    agent("remove", name)
    assert json.loads((private / place).read_bytes()) == {group: {}}
    agent("install", name)
    assert json.loads((private / place).read_bytes()) == {group: {"provstamp": SERVER}}


def test_settings_that_are_lines(private, agent):
    environment = {**os.environ, "HOME": str(private)}
    path = private / ".codex/config.toml"
    for before in (None, b"", b'model = "o"\n# kept\n[mcp_servers.other]\ncommand = "x"', b'a = """\n[x]\n"""\n'):
        if before is not None:
            path.write_bytes(before)
        agent("install", "codex", env=environment)
        after = path.read_bytes()
        wanted = tomllib.loads((before or b"").decode())
        wanted.setdefault("mcp_servers", {})["provstamp"] = SERVER
        assert tomllib.loads(after.decode()) == wanted and after.startswith(before or b"")
        agent("install", "codex", env=environment)
        assert path.read_bytes() == after
        agent("remove", "codex", env=environment)
        assert path.read_bytes().rstrip(b"\n") == (before or b"").rstrip(b"\n")
    path.write_bytes(b'[mcp_servers.provstamp]\ncommand = "mine"\n')
    done = agent("install", "codex", expected=2, env=environment)
    assert b"not made by this command" in done.stderr
    assert path.read_bytes() == b'[mcp_servers.provstamp]\ncommand = "mine"\n'


@pytest.mark.parametrize("before", [b"// a comment\n{}", b"[]", b"{", b'{"mcpServers": []}',
                                    b'{"mcpServers": {"provstamp": {"command": "mine"}}}'])
def test_what_is_not_understood_is_not_touched(private, agent, before):
    (private / ".mcp.json").write_bytes(before)
    for verb in ("install", "remove"):
        done = agent(verb, "claude-code", expected=2)
        assert b"nothing is changed" in done.stderr and b"provstamp agent show claude-code" in done.stderr
        assert (private / ".mcp.json").read_bytes() == before
    assert os.listdir(private) == [".mcp.json"]


def test_a_link_stays_one_and_others_files_stay_theirs(private, agent, user):
    (private / "real").write_text("{}")
    (private / ".mcp.json").symlink_to("real")
    agent("install", "claude-code")
    assert (private / ".mcp.json").is_symlink() and b"provstamp" in (private / "real").read_bytes()
    private.chmod(0o777)
    (private / ".cursor").mkdir(mode=0o777)
    (private / ".cursor").chmod(0o777)
    (private / ".cursor/mcp.json").write_text("{}")
    done = agent("install", "cursor", expected=2, who=user)
    assert b"permission denied" in done.stderr
    assert (private / ".cursor/mcp.json").read_text() == "{}"


def test_show_writes_nothing_and_shows_what_would_be(private, agent):
    for name in FILES:
        text = agent("show", name).stdout.decode()
        assert FILES[name][0] in text and f"provstamp run --name " in text
        assert json.loads(text.split("needs:\n\n")[1].split("\n\nIn a session")[0]) == {
            FILES[name][1]: {"provstamp": SERVER}}
    assert os.listdir(private) == []
    assert agent("show", "nosuch", expected=2).stdout == b""
