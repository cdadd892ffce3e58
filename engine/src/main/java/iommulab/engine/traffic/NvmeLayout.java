package iommulab.engine.traffic;

/// How an NVMe queue pair lies in memory: submission entries of 64 bytes, then, from the next page on,
/// completion entries of 16. Data go by PRP: the first page in the entry, the second too if it is the
/// last, else a list of pages. Spec: NVM Express Base, "Submission Queue Entry", "Physical Region Page
/// Entry and List".
///
/// @param pattern what the driver was asked to set up
record NvmeLayout(Pattern.NvmePrp pattern) {
    static final int ENTRY_WORDS = 8;
    static final int COMPLETION_WORDS = 2;
    static final int PAGE_BYTES = 4096;

    /// One list of a page, and the page in the entry.
    static final int MOST_PAGES = PAGE_BYTES / Long.BYTES + 1;

    /// Words of a submission entry.
    static final int COMMAND = 0;

    static final int PRP1 = 3;
    static final int PRP2 = 4;
    static final int BLOCKS = 6;

    /// The host's data goes to the medium: the controller reads memory.
    static final int OPCODE_WRITE = 1;

    /// Data of the medium goes to the host: the controller writes memory.
    static final int OPCODE_READ = 2;

    static final long INVALID_OPCODE = 0x01;
    static final long DATA_TRANSFER_ERROR = 0x04;

    long entry(long index) {
        return pattern.queue() + index * ENTRY_WORDS * Long.BYTES;
    }

    long completion(long index) {
        return pattern.queue() + submissionSpan() + index * COMPLETION_WORDS * Long.BYTES;
    }

    long queueSpan() {
        return completion(pattern.entries()) - pattern.queue();
    }

    private long submissionSpan() {
        long bytes = (long) pattern.entries() * ENTRY_WORDS * Long.BYTES;
        return bytes + PAGE_BYTES - 1 & -PAGE_BYTES;
    }

    long list(long index) {
        return pattern.prpLists() + index * PAGE_BYTES;
    }

    /// @param page within the command, from 0
    long data(long index, long page) {
        return pattern.data() + (index * pattern.pagesPerCommand() + page) * PAGE_BYTES;
    }
}
