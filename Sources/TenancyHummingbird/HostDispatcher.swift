#if Gateway
  package import Hummingbird
  internal import Logging
  package import Tenancy

  /// Sends a request to the routes of its host.
  struct HostDispatcher<Context: RequestContext, TenantContext: TenantRequestContext>: HTTPResponder
  where TenantContext.ParentContext == Context {
    let directory: TenantDirectory
    let tenants: RouterResponder<TenantContext>
    let publicHost: RouterResponder<Context>
    let deactivatedStatus: HTTPResponse.Status
    let trustsForwardedHost: Bool

    func respond(to request: Request, context: Context) async throws -> Response {
      do {
        let host = try request.host(trustingForwarded: trustsForwardedHost)
        guard let tenant = try directory.resolve(host: host).tenant else {
          return try await publicHost.respond(to: request, context: context)
        }
        var context = context
        context.logger[metadataKey: "tenant"] = "\(tenant.name)"
        let source = TenantRequestContextSource(
          context: context, tenant: tenant, database: directory.database)
        return try await tenants.respond(to: request, context: TenantContext(source: source))
      } catch let error as TenancyError {
        guard let status = status(for: error.code) else { throw error }
        // The client is not told, and the status alone does not say why.
        context.logger.log(
          level: status == .serviceUnavailable ? .warning : .info, "refused: \(error.message)")
        throw TenancyRefusal(status: status, error: error)
      }
    }

    /// `nil`: an error of the app's.
    private func status(for code: TenancyError.Code) -> HTTPResponse.Status? {
      switch code {
      case .hostNotFound, .domainWithoutTenant, .tenantNotFound: .notFound
      case .tenantDeactivated: deactivatedStatus
      case .directoryNotReady, .directoryStale, .connectionFailed, .poolExhausted, .poolClosed:
        .serviceUnavailable
      default: nil
      }
    }
  }

  extension Request {
    /// The host that the client asks for.
    ///
    /// NIO takes the first `Host` out of the fields as the authority, and leaves any others there.
    package func host(trustingForwarded: Bool) throws(TenancyRefusal) -> Host {
      var host = head.authority
      var forwarded: String?
      for field in headers {
        switch field.name.canonicalName {
        case "host":
          if let host { throw .invalidHost([host, field.value]) }
          host = field.value
        case "x-forwarded-host" where trustingForwarded:
          if let forwarded { throw .invalidHost([forwarded, field.value]) }
          forwarded = field.value
        default: break
        }
      }
      // A comma: several fields that a proxy has put into one.
      guard let text = forwarded ?? host, !text.utf8.contains(UInt8(ascii: ",")) else {
        throw .invalidHost([forwarded ?? host].compactMap(\.self))
      }
      do {
        return try Host(parsing: text)
      } catch {
        throw TenancyRefusal(status: .badRequest, error: error)
      }
    }
  }
#endif
