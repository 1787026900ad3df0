import Hummingbird
import Tenancy
import TenancyHummingbird

@main
struct App {
  static func main() async throws {
    let environment = Environment()
    let database = try TenantDatabase(environment.get("DATABASE_URL"))
    let directory = TenantDirectory(of: database)
    let router = TenancyRouter(directory: directory)
    router.add(middleware: LogRequestsMiddleware(.info))
    addPublicRoutes(to: router.publicHost)
    addTankRoutes(to: router.tenants)

    let port = environment.get("PORT", as: Int.self) ?? 8080
    let app = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
      services: [directory.service])
    try await app.runService()
    await database.close()
  }
}
