# SPDX-License-Identifier: Apache-2.0
"""Runs in a Python that has the official client of the Model Context Protocol: asks what standard input says.

usage: mcp_client.py SERVER ARGUMENT... < calls

Standard input is a JSON array of [tool, arguments]; standard output, an object: what the server said of itself,
its tools, and the answer to each call.
"""

import asyncio
import json
import os
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main(command, calls):
    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ), cwd=os.getcwd())
    async with stdio_client(server) as (reader, writer), ClientSession(reader, writer) as session:
        found = {"server": (await session.initialize()).model_dump(mode="json"), "answers": []}
        await session.send_ping()
        found["tools"] = [tool.model_dump(mode="json") for tool in (await session.list_tools()).tools]
        for tool, arguments in calls:
            answer = await session.call_tool(tool, arguments)
            found["answers"].append(answer.model_dump(mode="json"))
    json.dump(found, sys.stdout)


asyncio.run(main(sys.argv[1:], json.load(sys.stdin)))
