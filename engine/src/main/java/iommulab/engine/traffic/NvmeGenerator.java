package iommulab.engine.traffic;

/// An NVMe controller: fetches a submission entry, the list of pages that it points to, moves page by
/// page, and writes a completion with the status. It follows whatever the memory says. An entry that
/// cannot be read is passed over.
final class NvmeGenerator extends Generator {
    private static final int INDEX = 1;
    private static final int PHASE = 2;
    private static final int COMMAND = 3;
    private static final int PRP1 = 4;
    private static final int PRP2 = 5;
    private static final int PAGES = 6;
    private static final int PAGE = 7;
    private static final int ADDRESS = 8;
    private static final int STATUS = 9;
    private static final int ROUND = 10;

    /// The last eight entries of the list that were read.
    private static final int LIST = 11;

    private static final int LIST_WORDS = 8;
    private static final long LIST_BYTES = LIST_WORDS * Long.BYTES;
    private static final int STATE_WORDS = LIST + LIST_WORDS - 1;

    private static final int FETCH_ENTRY = 0;
    private static final int FETCH_LIST = 1;
    private static final int MOVE = 2;
    private static final int COMPLETE = 3;

    private static final int PHASE_TAG_AT = 48;
    private static final int STATUS_AT = 49;
    private static final int COMMAND_ID_AT = 32;

    private final NvmeLayout queue;

    NvmeGenerator(TrafficSource source, Pattern.NvmePrp pattern) {
        super(source, STATE_WORDS);
        queue = new NvmeLayout(pattern);
    }

    @Override
    void next(DmaSlot slot) {
        switch ((int) state[PHASE]) {
            case FETCH_ENTRY -> slot.fetch(queue.entry(state[INDEX]), NvmeLayout.ENTRY_WORDS);
            case FETCH_LIST ->
                    slot.fetch((state[PRP2] & -LIST_BYTES) + listIndex() * Long.BYTES, LIST_WORDS);
            case MOVE -> {
                long iova = state[ADDRESS];
                boolean toMemory = opcode() == NvmeLayout.OPCODE_READ;
                slot.plain(iova, withinPage(iova, requestBytes), toMemory);
            }
            default -> {
                slot.data[0] = 0;
                slot.data[1] =
                        (state[INDEX] + 1) % queue.pattern().entries()
                                | (state[COMMAND] >>> 16 & 0xffff) << COMMAND_ID_AT
                                | (state[ROUND] ^ 1) << PHASE_TAG_AT
                                | state[STATUS] << STATUS_AT;
                slot.store(queue.completion(state[INDEX]), NvmeLayout.COMPLETION_WORDS);
            }
        }
    }

    @Override
    boolean finish(DmaSlot slot, boolean reached) {
        switch ((int) state[PHASE]) {
            case FETCH_ENTRY -> {
                if (!reached) {
                    nextEntry();
                } else {
                    return !start(slot);
                }
            }
            case FETCH_LIST -> {
                if (reached) {
                    System.arraycopy(slot.data, 0, state, LIST, LIST_WORDS);
                    movePageOfList();
                } else {
                    complete(NvmeLayout.DATA_TRANSFER_ERROR);
                }
            }
            case MOVE -> moved(slot, reached);
            default -> nextEntry();
        }
        return !reached;
    }

    private boolean start(DmaSlot slot) {
        state[COMMAND] = slot.data[NvmeLayout.COMMAND];
        state[PRP1] = slot.data[NvmeLayout.PRP1];
        state[PRP2] = slot.data[NvmeLayout.PRP2];
        state[PAGES] = Math.min((slot.data[NvmeLayout.BLOCKS] & 0xffff) + 1, NvmeLayout.MOST_PAGES);
        state[PAGE] = 0;
        state[STATUS] = 0;
        boolean known = opcode() == NvmeLayout.OPCODE_READ || opcode() == NvmeLayout.OPCODE_WRITE;
        if (known) {
            move(state[PRP1]);
        } else {
            complete(NvmeLayout.INVALID_OPCODE);
        }
        return known;
    }

    private int opcode() {
        return (int) state[COMMAND] & 0xff;
    }

    private void moved(DmaSlot slot, boolean reached) {
        if (!reached) {
            complete(NvmeLayout.DATA_TRANSFER_ERROR);
            return;
        }
        long next = slot.iova + slot.bytes;
        if ((next & NvmeLayout.PAGE_BYTES - 1) != 0) {
            move(next);
            return;
        }
        state[PAGE]++;
        if (state[PAGE] == state[PAGES]) {
            complete(0);
        } else if (state[PAGES] == 2) {
            move(state[PRP2]);
        } else if (listIndex() % LIST_WORDS == 0) {
            state[PHASE] = FETCH_LIST;
        } else {
            movePageOfList();
        }
    }

    /// The list begins with the second page of the command.
    private long listIndex() {
        return state[PAGE] - 1;
    }

    private void movePageOfList() {
        move(state[LIST + (int) (listIndex() % LIST_WORDS)]);
    }

    private void move(long address) {
        state[ADDRESS] = address;
        state[PHASE] = MOVE;
    }

    private void complete(long status) {
        state[STATUS] = status;
        state[PHASE] = COMPLETE;
    }

    private void nextEntry() {
        state[INDEX]++;
        if (state[INDEX] == queue.pattern().entries()) {
            state[INDEX] = 0;
            state[ROUND] ^= 1;
        }
        state[PHASE] = FETCH_ENTRY;
    }
}
