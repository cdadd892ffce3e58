package iommulab.engine.traffic;

/// A network card: fetches a descriptor, moves the packet that it names, writes the descriptor back. It
/// follows whatever the memory says. A packet that cannot be moved is written back with an error; a
/// descriptor that cannot be read, or names nothing, is passed over.
final class NicGenerator extends Generator {
    private static final int INDEX = 1;
    private static final int PHASE = 2;
    private static final int BUFFER = 3;
    private static final int LENGTH = 4;
    private static final int DONE = 5;
    private static final int RECEIVES = 6;
    private static final int FAILED = 7;
    private static final int STATE_WORDS = 7;

    private static final int FETCH = 0;
    private static final int MOVE = 1;
    private static final int WRITE_BACK = 2;

    private final NicRingLayout ring;

    NicGenerator(TrafficSource source, Pattern.NicRing pattern) {
        super(source, STATE_WORDS);
        ring = new NicRingLayout(pattern);
    }

    @Override
    void next(DmaSlot slot) {
        long descriptor = ring.descriptor(state[INDEX]);
        if (state[PHASE] == FETCH) {
            slot.fetch(descriptor, 2);
        } else if (state[PHASE] == MOVE) {
            long iova = state[BUFFER] + state[DONE];
            long left = Math.min(requestBytes, state[LENGTH] - state[DONE]);
            slot.plain(iova, withinPage(iova, left), state[RECEIVES] != 0);
        } else {
            slot.data[0] =
                    state[LENGTH]
                            | NicRingLayout.DONE
                            | (state[FAILED] != 0 ? NicRingLayout.DATA_ERROR : 0);
            slot.store(descriptor + Long.BYTES, 1);
        }
    }

    @Override
    boolean finish(DmaSlot slot, boolean reached) {
        if (state[PHASE] == FETCH) {
            return !reached | !start(slot, reached);
        }
        if (state[PHASE] == WRITE_BACK) {
            nextDescriptor();
            return !reached;
        }
        state[DONE] += slot.bytes;
        if (!reached) {
            state[FAILED] = 1;
        }
        if (!reached || state[DONE] >= state[LENGTH]) {
            state[PHASE] = WRITE_BACK;
        }
        return !reached;
    }

    private boolean start(DmaSlot slot, boolean reached) {
        long length = reached ? slot.data[1] & NicRingLayout.LENGTH : 0;
        if (length == 0) {
            nextDescriptor();
            return false;
        }
        state[BUFFER] = slot.data[0];
        state[LENGTH] = length;
        state[DONE] = 0;
        state[FAILED] = 0;
        state[RECEIVES] = writes() ? 1 : 0;
        state[PHASE] = MOVE;
        return true;
    }

    private void nextDescriptor() {
        state[INDEX] = (state[INDEX] + 1) % ring.pattern().descriptors();
        state[PHASE] = FETCH;
    }
}
