package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.DeviceEntryCache;

/// Finds out what a stream and a substream go through when no cache knows: reads the stream entry, decides
/// which context descriptor belongs to the request, reads that, and fills the caches.
/// Spec: SMMUv3, "Stream table", "Substreams and context descriptors".
record ConfigurationFetch(SmmuState unit, StreamTables tables, StageWalks walks) {
    private static final long NOTHING = DeviceEntryCache.MISS;

    private StreamContexts contexts() {
        return unit.caches().contexts();
    }

    /// @param substream negative for none
    /// @return the word of the context; the word of one that is UNREAD if its descriptor stopped the
    ///     request; 0 if the stream did
    long read(int stream, int substream) {
        long cached = unit.streams.find(stream);
        boolean fetched = cached == NOTHING;
        if (fetched) {
            unit.streams.countMiss(stream);
        }
        var registers = unit.registers();
        var entry =
                fetched
                        ? tables.stream(
                                registers.streamTable(), registers.streamTableConfig(), stream)
                        : contexts().of(cached).stream();
        if (entry == null) {
            return NOTHING;
        }
        return entry.stage1() && !entry.aborts()
                ? readFirst(entry, stream, substream, fetched)
                : withoutFirst(entry, stream, substream, fetched);
    }

    private long withoutFirst(StreamEntry entry, int stream, int substream, boolean fetched) {
        var kind =
                entry.aborts()
                        ? StreamContext.Kind.ABORT
                        : entry.stage2() ? StreamContext.Kind.SECOND : StreamContext.Kind.BYPASS;
        long word = word(kind, entry);
        if (fetched) {
            unit.streams.insert(stream, word, entry.word0());
        }
        return substream >= 0 && kind != StreamContext.Kind.ABORT ? badSubstream(entry) : word;
    }

    private long badSubstream(StreamEntry entry) {
        walks.stop().ofConfiguration(SmmuFault.BAD_SUBSTREAM_ID);
        return unread(entry);
    }

    /// A context without descriptor.
    private long word(StreamContext.Kind kind, StreamEntry entry) {
        return contexts().word(new ContextSource(kind, entry, null, unit.worldOf(entry)));
    }

    private long unread(StreamEntry entry) {
        return word(StreamContext.Kind.UNREAD, entry);
    }

    private long readFirst(StreamEntry entry, int stream, int substream, boolean fetched) {
        if (substream < 0) {
            return readWithout(entry, stream, fetched);
        }
        long unread = unread(entry);
        if (fetched) {
            unit.streams.insert(stream, unread, entry.word0());
        }
        int bits = entry.descriptorBits(unit.capabilities());
        boolean taken = substream == 0 && entry.withoutSubstream() == StreamEntry.DSS_ZERO;
        if (bits == 0 || substream >>> bits != 0 || taken) {
            return badSubstream(entry);
        }
        long word = readDescriptor(entry, unread, substream);
        if (word != unread) {
            unit.descriptors.insert(stream, substream, word, entry.word0());
        }
        return word;
    }

    /// A request without substream.
    private long readWithout(StreamEntry entry, int stream, boolean fetched) {
        int choice =
                entry.descriptorBits(unit.capabilities()) == 0
                        ? StreamEntry.DSS_ZERO
                        : entry.withoutSubstream();
        long unread = unread(entry);
        long word =
                switch (choice) {
                    case StreamEntry.DSS_ZERO -> readDescriptor(entry, unread, 0);
                    case StreamEntry.DSS_BYPASS ->
                            word(
                                    entry.stage2()
                                            ? StreamContext.Kind.SECOND
                                            : StreamContext.Kind.BYPASS,
                                    entry);
                    default -> word(StreamContext.Kind.DISABLED, entry);
                };
        if (!fetched && word != unread) {
            unit.streams.remove((other, _) -> other == stream);
        }
        if (fetched || word != unread) {
            unit.streams.insert(stream, word, entry.word0());
        }
        return word;
    }

    private long readDescriptor(StreamEntry entry, long unread, int index) {
        var world = unit.worldOf(entry);
        var descriptor = tables.descriptor(entry, world, contexts().of(unread).second(), index);
        if (descriptor == null) {
            return unread;
        }
        return contexts().word(ContextSource.of(entry, descriptor, world));
    }
}
