import NIOCore
import NIOHTTP1
import Synchronization

/// One connection of the fake server.
final class FakeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: FakeServer
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var fault: FakeServer.Fault?

    init(server: FakeServer) {
        self.server = server
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            let method = head.method.rawValue
            fault = server.state.withLock { state in
                guard state.faults[method]?.isEmpty == false else { return nil }
                return state.faults[method]?.removeFirst()
            }
            if head.headers.contains(name: "expect") {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
            }
        case .body(let piece):
            body += Array(piece.readableBytesView)
            if case .cut(let limit) = fault, body.count >= limit, let head {
                body = Array(body.prefix(limit))
                _ = note(head)
                if head.method == .PATCH { server.keep(path: path(head), fields: fields(head), bytes: body) }
                self.head = nil
                context.close(promise: nil)
            }
        case .end:
            if let head { answer(head, context) }
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let fields = note(head)
        switch fault {
        case .answer(let status, let type, let extra):
            send(FakeAnswer.problem(status, type, extra), head, context)
        case .loseAnswer:
            _ = server.answer(head.method.rawValue, head.uri, fields, body)
            context.close(promise: nil)
        case .hang: break
        case .hangAfter: _ = server.answer(head.method.rawValue, head.uri, fields, body)
        case .cut(let limit):
            send(server.answer(head.method.rawValue, head.uri, fields, body), head, context, limit: limit)
        case .pass, nil:
            send(server.answer(head.method.rawValue, head.uri, fields, body), head, context)
        }
    }

    private func note(_ head: HTTPRequestHead) -> [String: String] {
        let fields = fields(head)
        server.state.withLock {
            $0.seen.append(.init(method: head.method.rawValue, path: head.uri, fields: fields, bytes: body.count))
        }
        return fields
    }

    private func send(_ answer: FakeAnswer, _ head: HTTPRequestHead, _ context: ChannelHandlerContext, limit: Int? = nil) {
        var fields = HTTPHeaders(answer.fields.map { ($0.key, $0.value) })
        if answer.status != 204 { fields.replaceOrAdd(name: "content-length", value: String(answer.body.count)) }
        let status = HTTPResponseStatus(statusCode: answer.status)
        context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: fields))), promise: nil)
        if head.method != .HEAD, !answer.body.isEmpty {
            let bytes = ByteBuffer(bytes: answer.body.prefix(limit ?? .max))
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        }
        guard limit == nil else {
            context.flush()
            return context.close(promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func path(_ head: HTTPRequestHead) -> String { head.uri }

    private func fields(_ head: HTTPRequestHead) -> [String: String] {
        Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
    }
}
