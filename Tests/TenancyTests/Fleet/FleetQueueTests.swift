import Synchronization
import Testing

@testable import Tenancy

@Suite struct FleetQueueTests {
  /// There is one connection for three workers: those without one hand their item back and leave.
  @Test(arguments: 0..<100) func nothingIsLostThatIsHandedBack(round: Int) async {
    let running = Mutex(0)
    let done = Mutex<[Int]>([])
    let queue = FleetQueue(count: 40)
    await queue.run(jobs: 3, shouldStop: { false }) { index in
      let isConnected = running.withLock { running in
        running += 1
        return running == 1
      }
      defer { running.withLock { $0 -= 1 } }
      if !isConnected, queue.handBack(index) { return .handedBack }
      await Task.yield()
      done.withLock { $0.append(index) }
      return .done
    }
    #expect(done.withLock { $0.sorted() } == Array(0..<40))
  }

  /// Whether another one is in the middle of an item or between two does not matter.
  @Test(arguments: [1, 2]) func whoIsAloneCannotHandBack(jobs: Int) async {
    let answers = Mutex<[Bool]>([])
    let queue = FleetQueue(count: 8)
    await queue.run(jobs: jobs, shouldStop: { false }) { index in
      let isHandedBack = queue.handBack(index)
      answers.withLock { $0.append(isHandedBack) }
      return isHandedBack ? .handedBack : .done
    }
    let expected = Array(repeating: true, count: jobs - 1) + Array(repeating: false, count: 8)
    #expect(answers.withLock { $0 } == expected)
  }
}
