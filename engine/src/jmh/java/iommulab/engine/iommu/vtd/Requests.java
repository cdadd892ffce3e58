package iommulab.engine.iommu.vtd;

/// A stream of requests made before the clock starts, half of them reads, and room for the answers.
final class Requests {
    final int[] requester;
    final long[] iova;
    final int[] access;
    final long[] answer;

    Requests(int count) {
        requester = new int[count];
        iova = new long[count];
        access = new int[count];
        answer = new long[count];
    }

    int count() {
        return iova.length;
    }

    void set(int number, int requesterId, long address) {
        requester[number] = requesterId;
        iova[number] = address;
        access[number] = (number * 0x9e37_79b9 >>> 31) == 0 ? VtdUnit.READ : VtdUnit.WRITE;
    }
}
