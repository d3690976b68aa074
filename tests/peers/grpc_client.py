"""Calls a server by gRPC, as a client that is not ours: grpcio, with messages that protoc makes of the
original .proto files.

Reads JSON from the standard input:

    {"target": "127.0.0.1:4747" or "unix:/path", "protos": DIR, "roots": PEM or null, "reflect": false,
     "calls": [{"method": "dev.sigstore.fulcio.v2.CA/GetTrustBundle", "request": {…ProtoJSON…},
                "metadata": [["name", "value"]], "raw": base64 or null, "gzip": false}]}

and prints what came back:

    {"calls": [{"code": "OK", "message": "", "answer": {…}, "metadata": {…}, "reasons": [{…}]}],
     "reflected": {"services": […], "compared": 123, "differences": […]}}
"""

import base64
import json
import os
import sys
import tempfile

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_tools import protoc

SERVICES = [
    "dev.sigstore.fulcio.v2.CA",
    "dev.sigstore.fulcio.v1beta.CA",
    "dev.sigstore.rekor.v2.Rekor",
    "grpc.health.v1.Health",
]
FILES = ["fulcio.proto", "fulcio_legacy.proto", "rekor/v2/rekor_service.proto"]
INCLUDES = ["fulcio", "fulcio/third_party/googleapis", "rekor-tiles/api/proto", "protobuf-specs/protos"]


def originals(folder):
    """The originals' descriptors, by protoc itself."""
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "set.bin")
        paths = [f"-I{os.path.join(folder, include)}" for include in INCLUDES]
        code = protoc.main(["protoc", *paths, "--include_imports", f"--descriptor_set_out={out}", *FILES])
        assert code == 0, "protoc refuses the originals"
        with open(out, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    pool.AddSerializedFile(health_pb2.DESCRIPTOR.serialized_pb)
    # The details of a status; the originals send none, so that their files do not have it.
    pool.Add(error_info())
    return pool


def error_info():
    """google.rpc.Status and google.rpc.ErrorInfo, as https://google.aip.dev/193 states them."""
    file = descriptor_pb2.FileDescriptorProto(
        name="aip193.proto", package="google.rpc", syntax="proto3", dependency=["google/protobuf/any.proto"]
    )
    field = descriptor_pb2.FieldDescriptorProto

    def message(name, fields):
        made = file.message_type.add(name=name)
        for number, (field_name, kind, label, type_name) in enumerate(fields, 1):
            made.field.add(name=field_name, number=number, type=kind, label=label, type_name=type_name)
        return made

    one, many = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    message(
        "Status",
        [
            ("code", field.TYPE_INT32, one, None),
            ("message", field.TYPE_STRING, one, None),
            ("details", field.TYPE_MESSAGE, many, ".google.protobuf.Any"),
        ],
    )
    info = message(
        "ErrorInfo",
        [
            ("reason", field.TYPE_STRING, one, None),
            ("domain", field.TYPE_STRING, one, None),
            ("metadata", field.TYPE_MESSAGE, many, ".google.rpc.ErrorInfo.MetadataEntry"),
        ],
    )
    entry = info.nested_type.add(name="MetadataEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=field.TYPE_STRING, label=one)
    entry.field.add(name="value", number=2, type=field.TYPE_STRING, label=one)
    return file


def message_class(pool, name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def text(metadata):
    return {key: value if isinstance(value, str) else base64.b64encode(value).decode() for key, value in metadata or ()}


def reasons(pool, trailers):
    """The ErrorInfo of each detail in grpc-status-details-bin."""
    found = []
    for key, value in trailers or ():
        if key == "grpc-status-details-bin":
            for detail in message_class(pool, "google.rpc.Status").FromString(value).details:
                assert detail.type_url == "type.googleapis.com/google.rpc.ErrorInfo", detail.type_url
                info = message_class(pool, "google.rpc.ErrorInfo").FromString(detail.value)
                found.append(json_format.MessageToDict(info, descriptor_pool=pool))
    return found


def ask(channel, pool, call):
    service, method = call["method"].rsplit("/", 1)
    try:
        described = pool.FindServiceByName(service).FindMethodByName(method)
    except KeyError:
        described = None
    if call.get("raw") is not None:
        request = base64.b64decode(call["raw"])
    else:
        request = message_class(pool, described.input_type.full_name)()
        json_format.ParseDict(call.get("request", {}), request, descriptor_pool=pool)
        request = request.SerializeToString()
    answer_class = message_class(pool, described.output_type.full_name) if described else None
    stub = channel.unary_unary(f"/{call['method']}")
    compression = grpc.Compression.Gzip if call.get("gzip") else None
    metadata = [tuple(pair) for pair in call.get("metadata", [])]
    try:
        answer, running = stub.with_call(request, metadata=metadata, compression=compression, timeout=60)
        code, message, trailers = running.code(), running.details(), running.trailing_metadata()
        answer = json_format.MessageToDict(answer_class.FromString(answer), descriptor_pool=pool)
    except grpc.RpcError as error:
        running, answer = error, None
        code, message, trailers = error.code(), error.details(), error.trailing_metadata()
    return {
        "code": code.name,
        "message": message or "",
        "answer": answer,
        "metadata": text(running.initial_metadata()),
        "reasons": reasons(pool, trailers),
    }


class Comparison:
    """Whether what the server tells of itself is what the originals' files say, name by name and number by number."""

    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs
        self.compared, self.differences, self.seen = 0, [], set()

    def same(self, where, ours, theirs):
        self.compared += 1
        if ours != theirs:
            self.differences.append(f"{where}: the server has {ours!r}, the original {theirs!r}")

    def service(self, name):
        ours, theirs = self.ours.FindServiceByName(name), self.theirs.FindServiceByName(name)
        methods = [method.name for method in theirs.methods]
        self.same(name, [method.name for method in ours.methods], methods)
        for method in theirs.methods:
            other, where = ours.methods_by_name.get(method.name), f"{name}.{method.name}"
            if other is None:
                continue
            for attribute in ("client_streaming", "server_streaming"):
                self.same(where, getattr(other, attribute), getattr(method, attribute))
            for attribute in ("input_type", "output_type"):
                self.same(where, getattr(other, attribute).full_name, getattr(method, attribute).full_name)
                self.message(getattr(other, attribute), getattr(method, attribute))

    def message(self, ours, theirs):
        if theirs.full_name in self.seen:
            return
        self.seen.add(theirs.full_name)
        numbers = sorted(field.number for field in theirs.fields)
        self.same(theirs.full_name, sorted(field.number for field in ours.fields), numbers)
        for field in theirs.fields:
            other = ours.fields_by_number.get(field.number)
            if other is not None:
                self.field(other, field)

    def field(self, ours, theirs):
        where = theirs.full_name
        for attribute in ("name", "json_name", "type", "is_repeated", "is_required", "has_presence", "is_packed"):
            self.same(f"{where} {attribute}", getattr(ours, attribute), getattr(theirs, attribute))
        union = [field.containing_oneof.name if field.containing_oneof else None for field in (ours, theirs)]
        self.same(f"{where} oneof", *union)
        if theirs.message_type and ours.message_type:
            self.same(where, ours.message_type.full_name, theirs.message_type.full_name)
            self.message(ours.message_type, theirs.message_type)
        if theirs.enum_type and ours.enum_type:
            values = [[(value.name, value.number) for value in field.enum_type.values] for field in (ours, theirs)]
            self.same(f"{where} {theirs.enum_type.full_name}", *map(sorted, values))


def reflect(channel, pool):
    database = ProtoReflectionDescriptorDatabase(channel)
    comparison = Comparison(descriptor_pool.DescriptorPool(database), pool)
    for name in SERVICES:
        comparison.service(name)
    return {
        "services": sorted(database.get_services()),
        "compared": comparison.compared,
        "differences": comparison.differences,
    }


def main():
    question = json.load(sys.stdin)
    pool = originals(question["protos"])
    # A proxy of the environment is for those who ask a network.
    options = [("grpc.enable_http_proxy", 0), ("grpc.max_send_message_length", -1)]
    target = question["target"]
    if question.get("roots"):
        credentials = grpc.ssl_channel_credentials(question["roots"].encode())
        opened = grpc.secure_channel(target, credentials, options)
    elif target.startswith("unix"):
        # Of this machine by itself; grpcio's check for that does not know names without a file.
        # As the host it would send the path in percent escapes, where Go sends this.
        options.append(("grpc.default_authority", "localhost"))
        opened = grpc.insecure_channel(target, options)
    else:
        # In the clear, and to this machine alone.
        credentials = grpc.local_channel_credentials(grpc.LocalConnectionType.LOCAL_TCP)
        opened = grpc.secure_channel(target, credentials, options)
    with opened as channel:
        answers = {"calls": [ask(channel, pool, call) for call in question["calls"]]}
        if question.get("reflect"):
            answers["reflected"] = reflect(channel, pool)
    json.dump(answers, sys.stdout)


main()
