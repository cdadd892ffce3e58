package iommulab.app.memory;

import java.util.Optional;

/// How an entry lies in the 64-bit words of memory, which count from the lowest byte.
enum WordOrder {
    LITTLE_ENDIAN {
        @Override
        long taken(long memory) {
            return memory;
        }

        @Override
        long placed(long memory, long raw) {
            return raw;
        }
    },
    BIG_ENDIAN {
        @Override
        long taken(long memory) {
            return Long.reverseBytes(memory);
        }

        @Override
        long placed(long memory, long raw) {
            return Long.reverseBytes(raw);
        }
    },
    /// An entry of 32 bits at a multiple of 8.
    LOWER_HALF {
        @Override
        long taken(long memory) {
            return memory & LOW;
        }

        @Override
        long placed(long memory, long raw) {
            return memory & ~LOW | raw & LOW;
        }
    },
    /// An entry of 32 bits behind another.
    UPPER_HALF {
        @Override
        long taken(long memory) {
            return memory >>> 32;
        }

        @Override
        long placed(long memory, long raw) {
            return memory & LOW | raw << 32;
        }
    };

    private static final long LOW = 0xffff_ffffL;

    /// What hardware takes a word of memory for.
    abstract long taken(long memory);

    /// The word of memory when hardware is to take it for something else.
    abstract long placed(long memory, long raw);

    /// How an entry lies in memory, told by one of its words.
    ///
    /// @param hpa of the word; not a multiple of 8 if it is an upper half
    /// @param memory the word of memory that holds it
    /// @param raw what hardware takes it for
    static Optional<WordOrder> of(long hpa, long memory, long raw) {
        if (hpa % Long.BYTES != 0) {
            return UPPER_HALF.taken(memory) == raw ? Optional.of(UPPER_HALF) : Optional.empty();
        }
        for (var order : new WordOrder[] {LITTLE_ENDIAN, BIG_ENDIAN, LOWER_HALF}) {
            if (order.taken(memory) == raw) {
                return Optional.of(order);
            }
        }
        return Optional.empty();
    }
}
