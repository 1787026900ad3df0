import Synchronization

@testable import Tenancy

extension Fleet {
  /// The same with what is sent to a database that is distributed by Citus. The server has no Citus: a setting of an extension
  /// that is not there does no harm.
  static func withDistributed(_ body: (Fleet) async throws -> Void) async throws {
    try await with { fleet in
      let traits = try await fleet.tenancy.connected { try await fleet.tenancy.traits(over: $0) }
      // With the shape, traits would be asked for again.
      _ = try await fleet.tenancy.connected { try await fleet.tenancy.shape(over: $0) }
      fleet.tenancy.knownTraits.withLock {
        $0 = DatabaseTraits(
          path: traits.path, searched: traits.searched, isDirect: traits.isDirect, isCitus: true,
          canDefer: traits.canDefer, serverRun: traits.serverRun, defaultGrantees: traits.defaultGrantees)
      }
      try await body(fleet)
    }
  }
}
