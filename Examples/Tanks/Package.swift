// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Tanks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "tenantctl", path: "../..", traits: ["Gateway"]),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "Tanks",
      dependencies: [
        .product(name: "Tenancy", package: "tenantctl"),
        .product(name: "TenancyHummingbird", package: "tenantctl"),
        .product(name: "Hummingbird", package: "hummingbird"),
      ])
  ]
)
