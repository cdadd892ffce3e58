package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.Spaces;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// The contexts that cached stream entries and descriptors name by number: equal entries share one. Numbers
/// are given in the order in which contexts are met, and never change until all are forgotten at once.
final class StreamContexts {
    private static final int MOST = 1 << 14;

    private final SmmuCapabilities capabilities;
    private final Spaces spaces;
    private final Map<ContextSource, Integer> numbers;
    private StreamContext[] contexts;
    private int count;

    StreamContexts(SmmuCapabilities capabilities) {
        this(capabilities, Tag.spaces(), new StreamContext[16], 0, new HashMap<>());
    }

    private StreamContexts(
            SmmuCapabilities capabilities,
            Spaces spaces,
            StreamContext[] contexts,
            int count,
            Map<ContextSource, Integer> numbers) {
        this.capabilities = capabilities;
        this.spaces = spaces;
        this.contexts = contexts;
        this.count = count;
        this.numbers = numbers;
    }

    StreamContexts copy() {
        return new StreamContexts(
                capabilities, spaces.copy(), contexts.clone(), count, new HashMap<>(numbers));
    }

    Spaces spaces() {
        return spaces;
    }

    /// Whether the next new context might find no number: then everything is to be forgotten.
    boolean isFull() {
        return count == MOST;
    }

    /// Forgets all contexts and spaces. No cache may hold the number of one.
    void clear() {
        count = 0;
        numbers.clear();
        spaces.clear();
        Tag.reserve(spaces);
    }

    /// The word that a cache line holds for a context.
    long word(ContextSource source) {
        int number = numbers.computeIfAbsent(source, this::add);
        return contexts[number].word(number);
    }

    private Integer add(ContextSource source) {
        if (count == contexts.length) {
            contexts = Arrays.copyOf(contexts, 2 * count);
        }
        contexts[count] = new StreamContext(source, capabilities, spaces);
        return count++;
    }

    /// The context that a word names.
    StreamContext of(long word) {
        return contexts[StreamContext.number(word)];
    }

    long stateHash() {
        long hash = spaces.stateHash();
        for (int i = 0; i < count; i++) {
            var source = contexts[i].source();
            hash = hash * 31 + source.kind().ordinal();
            hash = hash * 31 + source.stream().hashCode();
            hash = hash * 31 + (source.descriptor() == null ? 0 : source.descriptor().hashCode());
            hash += source.world().owner(0);
        }
        return hash;
    }
}
