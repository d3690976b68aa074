"""An agent of SPIFFE that others wrote: the Workload API of one method, on grpcio.

    python spiffe_agent.py SOCKET TOKEN     ->     `ready`, and then a line a call: the message, in hexadecimal, and
                                                   the header by which a workload names itself

With an empty token it knows nobody. It ends when standard input does.
"""

import sys
from concurrent import futures

import grpc

socket, token = sys.argv[1:]


def fetch(request, context):
    metadata = dict(context.invocation_metadata())
    print(request.hex(), metadata.get("workload.spiffe.io"), flush=True)
    if not token:
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "no identity issued")
    # JWTSVIDResponse{svids: [JWTSVID{spiffe_id, svid}]}, by hand: the lengths need two bytes.
    field = lambda number, content: bytes([number << 3 | 2]) + length(len(content)) + content
    svid = field(1, b"spiffe://example.org/workload") + field(2, token.encode())
    return field(1, svid)


def length(number):
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


handler = grpc.unary_unary_rpc_method_handler(fetch)
server = grpc.server(futures.ThreadPoolExecutor(2))
server.add_generic_rpc_handlers(
    (grpc.method_handlers_generic_handler("SpiffeWorkloadAPI", {"FetchJWTSVID": handler}),)
)
server.add_secure_port(
    f"unix:{socket}", grpc.local_server_credentials(grpc.LocalConnectionType.UDS)
)
server.start()
print("ready", flush=True)
sys.stdin.read()
server.stop(None)
