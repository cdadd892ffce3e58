package iommulab.engine.iommu;

/// Requests that reach an IOMMU at the same time, as from a link with many requests under way, and their
/// answers. Used again for the next ones.
public final class RequestBatch {
    final int[] requesters;
    final int[] pasids;
    final long[] iovas;
    final int[] accesses;
    final long[] answers;
    final ReadAhead ahead = new ReadAhead();
    private int size;

    /// @param capacity most requests at once
    public RequestBatch(int capacity) {
        requesters = new int[capacity];
        pasids = new int[capacity];
        iovas = new long[capacity];
        accesses = new int[capacity];
        answers = new long[capacity];
    }

    public int capacity() {
        return requesters.length;
    }

    public int size() {
        return size;
    }

    /// Forgets all requests.
    public void clear() {
        size = 0;
    }

    /// Adds a request; the arguments are those of [Iommu#translate].
    public void add(int requester, int pasid, long iova, int access) {
        requesters[size] = requester;
        pasids[size] = pasid;
        iovas[size] = iova;
        accesses[size++] = access;
    }

    public int requester(int request) {
        return requesters[request];
    }

    /// [Iommu#NO_PASID] if it has none.
    public int pasid(int request) {
        return pasids[request];
    }

    public long iova(int request) {
        return iovas[request];
    }

    /// As [Iommu#translate] has it.
    public int access(int request) {
        return accesses[request];
    }

    /// The answer of [Iommu#translate] to a request, once the batch was translated.
    public long answer(int request) {
        return answers[request];
    }
}
