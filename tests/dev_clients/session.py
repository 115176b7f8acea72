"""A session of py-consul: scripts/clients runs it against two servers and compares the output."""

import base64
import re
import sys

import consul

host, port = sys.argv[1].split(":")
client = consul.Consul(host=host, port=int(port))


def step(name, call):
    """Prints the result of one call, without what differs between two servers."""
    try:
        result = repr(call())
    except Exception as error:  # the text of an error is compared too
        result = f"{type(error).__name__}: {error}"
    result = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", result)
    result = re.sub(r"(Index': )\d+", r"\1N", result)
    print(name, result)


def last(call):
    """Returns the data of an answer that has an index."""
    return lambda: call()[1]


step("members", lambda: [(m["Name"], m["Status"]) for m in client.agent.members()])
step("self", lambda: client.agent.self()["Config"]["NodeName"])
ttl = consul.Check.ttl("1h")
step("register", lambda: client.agent.service.register("py", service_id="py-1", port=80, check=ttl))
tcp = consul.Check.tcp("127.0.0.1", 1, "1s")
step("register with TCP", lambda: client.agent.service.register("py-tcp", port=81, check=tcp))
step("pass", lambda: client.agent.check.ttl_pass("service:py-1"))
step("services", lambda: sorted(client.agent.services()))
step("health", lambda: [s["Service"]["ID"] for s in client.health.service("py", passing=True)[1]])
step("checks", last(lambda: client.health.checks("py")))
session = client.session.create(name="s", ttl=10, behavior="delete", lock_delay=0)
step("session", lambda: session)
step("list", last(client.session.list))
step("info", last(lambda: client.session.info(session)))
step("of the node", lambda: len(client.session.node("dev")[1]))
step("renew", lambda: client.session.renew(session))
step("acquire", lambda: client.kv.put("py/key", "v", acquire=session))
step("get", last(lambda: client.kv.get("py/key")))
step("release", lambda: client.kv.put("py/key", "v", release=session))
value = base64.b64encode(b"x").decode()
step("transaction", lambda: client.txn.put([{"KV": {"Verb": "set", "Key": "py/t", "Value": value}}]))
step("destroy", lambda: client.session.destroy(session))
step("keys", last(lambda: client.kv.get("py/", keys=True)))
step("nodes", lambda: [n["Node"] for n in client.catalog.nodes()[1]])
step("roots", lambda: client.connect.ca.roots()["TrustDomain"])
step("deregister", lambda: client.agent.service.deregister("py-1"))
