import Hummingbird
import Tenancy
import TenancyHummingbird

/// A value that PostgreSQL refuses, such as a name that is too long, is the client's error: 400.
struct ValueErrors: RouterMiddleware {
  func handle(
    _ request: Request, context: BasicTenantRequestContext,
    next: (Request, BasicTenantRequestContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as TenancyError where error.sqlState?.hasPrefix("22") == true {
      throw HTTPError(.badRequest)
    }
  }
}
