// swift-tools-version: 6.2
import PackageDescription

/// A package that uses the library as an app does: its main file is README's example, see `check`.
///
/// `check` builds it in the folder of this package's own build: with the same traits nothing is built a second time.
let traits: Set<Package.Dependency.Trait> =
  Context.environment["TENANTCTL_TRAITS"] == "Gateway" ? ["Gateway"] : []

let package = Package(
  name: "Consumer",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "tenantctl", path: "../..", traits: traits)],
  targets: [
    // Apps have modules of that name: ours must not collide with it.
    .target(name: "Postgres"),
    .executableTarget(
      name: "Consumer", dependencies: ["Postgres", .product(name: "Tenancy", package: "tenantctl")],
      swiftSettings: [
        .swiftLanguageMode(.v6), .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error),
      ]),
  ]
)
