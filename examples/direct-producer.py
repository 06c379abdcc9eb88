"""Writes two events straight to the log, without the API: pip install kafka-python

Who may write to the topic may write for every workspace: see docs/direct-producers.md.
"""

import json
import os
import time
from datetime import datetime, timezone
from pathlib import Path

from kafka import KafkaProducer

folder = Path(os.environ.get("TIDINGS_DATA", Path(__file__).parent.parent / ".tidings"))
local = json.loads((folder / "local.json").read_text())
workspace = os.environ.get("TIDINGS_WORKSPACE", local["workspace_id"])
event_type = os.environ.get("TIDINGS_EVENT_TYPE", "example.order.paid")
order_id = f"order-{time.time_ns()}"
now = datetime.now(timezone.utc).isoformat()


def headers(values):
    return [(name, value.encode()) for name, value in values.items()]


# acks=all: when all in-sync replicas have it, as the API does. The default partitioner computes partitions as Tidings.
producer = KafkaProducer(
    bootstrap_servers=local["brokers"].split(","), client_id="orders", acks="all"
)

# Binary mode: the attributes are headers, and the value is the data.
producer.send(
    "tidings.events",
    key=order_id.encode(),
    headers=headers(
        {
            "ce_specversion": "1.0",
            "ce_id": f"{order_id}-paid",
            "ce_source": "/orders",
            "ce_type": event_type,
            "ce_time": now,
            "ce_workspaceid": workspace,
            "ce_orderingkey": order_id,
            "content-type": "application/json",
        }
    ),
    value=json.dumps({"order": order_id, "total": "12.50"}).encode(),
).get(timeout=30)

# Structured mode: the whole event is the value.
producer.send(
    "tidings.events",
    key=order_id.encode(),
    headers=headers({"content-type": "application/cloudevents+json"}),
    value=json.dumps(
        {
            "specversion": "1.0",
            "id": f"{order_id}-shipped",
            "source": "/orders",
            "type": event_type,
            "time": now,
            "workspaceid": workspace,
            "orderingkey": order_id,
            "datacontenttype": "application/json",
            "data": {"order": order_id, "tracking": "1Z999"},
        }
    ).encode(),
).get(timeout=30)

producer.close()
print(f"written: {order_id}-paid, {order_id}-shipped")
