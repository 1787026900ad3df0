#if Gateway
  public import Hummingbird
  public import Tenancy

  /// What a ``TenancyRouter`` throws where it refuses a request: its own middleware may turn it into a page.
  ///
  /// ```swift
  /// func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
  ///   do {
  ///     return try await next(request, context)
  ///   } catch let refusal as TenancyRefusal where refusal.error.code == .tenantDeactivated {
  ///     return suspendedPage
  ///   }
  /// }
  /// ```
  ///
  /// Its response has a status and no body.
  public struct TenancyRefusal: HTTPResponseError, Sendable, CustomStringConvertible {
    /// What the client gets.
    public let status: HTTPResponse.Status
    /// Why. Its message is for a log; it may have values of the database in it.
    public let error: TenancyError

    /// The status and the message.
    public var description: String { "\(status.code): \(error)" }

    /// A response without a body.
    public func response(from request: Request, context: some RequestContext) -> Response {
      Response(status: status)
    }

    static func invalidHost(_ texts: [String]) -> TenancyRefusal {
      // Enough for a log: a client may send as much as it likes.
      let text = String(texts.joined(separator: ", ").prefix(64))
      let problem: DomainProblem = text.isEmpty ? .empty : .badLabel
      return TenancyRefusal(status: .badRequest, error: TenancyError(.invalidDomainName(text, problem)))
    }
  }
#endif
