import Synchronization
import Testing

@testable import Tenancy

@Suite struct FleetQueueTests {
  /// There is one connection for three workers: those without one hand their item back and leave.
  @Test(arguments: 0..<100) func nothingIsLostThatIsHandedBack(round: Int) async {
    let running = Mutex(0)
    let done = Mutex<[Int]>([])
    await FleetQueue(count: 40).run(jobs: 3, shouldStop: { false }) { index in
      let isConnected = running.withLock { running in
        running += 1
        return running == 1
      }
      defer { running.withLock { $0 -= 1 } }
      guard isConnected else { return .handedBack }
      await Task.yield()
      done.withLock { $0.append(index) }
      return .done
    }
    #expect(done.withLock { $0.sorted() } == Array(0..<40))
  }
}
