# SPDX-License-Identifier: Apache-2.0
"""Runs in a Python that has others' readers of the formats that provstamp exports.

usage: export_reader.py FORMAT [PUBLIC_KEY] < exported

Prints as JSON what the reader found; fails where it refuses.
"""

import io
import json
import sys


def read_prov(data):
    from prov.model import ProvDocument, ProvEntity, ProvGeneration
    document = ProvDocument.deserialize(io.BytesIO(data), format="json")
    entities = {str(entity.identifier): entity.label for entity in document.get_records(ProvEntity)}
    generations = [[str(value) for _, value in record.formal_attributes]
                   for record in document.get_records(ProvGeneration)]
    return {"entities": entities, "generations": generations, "text": document.get_provn()}


def read_ocsf(data):
    import jsonschema
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.6.0")).get_class_schema("file_activity")
    validator = jsonschema.Draft202012Validator(schema)
    events = [json.loads(line) for line in data.splitlines()]
    for event in events:
        validator.validate(event)
    return events


def read_statement(data):
    from google.protobuf.json_format import Parse
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.statement import Statement
    parsed = Parse(data, statement_pb2.Statement())
    Statement.copy_from_pb(parsed).validate()
    return {"subjects": {subject.name: subject.digest["sha256"] for subject in parsed.subject},
            "type": parsed.predicate_type}


def read_envelope(data, key_path):
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey
    with open(key_path, "rb") as file:
        public = load_pem_public_key(file.read())
    key = SSlibKey.from_crypto(public)
    # The envelope names no key, which DSSE allows; this reader wants the same name on both.
    key.keyid = ""
    envelope = Envelope.from_dict(json.loads(data))
    envelope.verify([key], 1)
    return {"type": envelope.payload_type, "statement": read_statement(envelope.payload)}


READERS = {"prov-json": read_prov, "ocsf": read_ocsf, "in-toto": read_statement, "envelope": read_envelope}
json.dump(READERS[sys.argv[1]](sys.stdin.buffer.read(), *sys.argv[2:]), sys.stdout)
