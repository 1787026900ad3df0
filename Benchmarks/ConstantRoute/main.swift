#if Gateway
  import Hummingbird
  import Logging

  // ConstantRoute PORT
  //
  // The least that a server on Hummingbird can do, as its users write it: what the gateway is measured against.
  guard let port = CommandLine.arguments.dropFirst().first.flatMap({ Int($0) }) else {
    fatalError("usage: ConstantRoute PORT")
  }
  var logger = Logger(label: "constant-route", factory: { StreamLogHandler.standardError(label: $0) })
  logger.logLevel = .info
  let router = Router()
  router.get("/constant") { _, _ in HTTPResponse.Status.ok }
  let app = Application(
    router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger)
  try await app.runService()
#endif
