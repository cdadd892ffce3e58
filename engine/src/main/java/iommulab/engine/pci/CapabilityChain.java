package iommulab.engine.pci;

import java.util.ArrayList;
import java.util.List;

/// The two linked lists of capabilities that a function's configuration space carries: the
/// conventional one from the pointer at 0x34 on, and the extended one from 0x100 on.
///
/// A chain that loops, leaves its area or ends in bytes that are not known ends there, with a
/// sentence in `problems`; nothing is thrown. Spec: PCI Local Bus, "Capabilities List"; PCIe Base,
/// "PCI Express Extended Capabilities Header". Limits as in Linux (`drivers/pci/pci.c`).
///
/// @param entries in the order of the chains, conventional first
/// @param problems what is wrong with the chains, one sentence each
public record CapabilityChain(List<Entry> entries, List<String> problems) {
    private static final int STATUS = 0x06;
    private static final int STATUS_HAS_LIST = 1 << 4;
    private static final int HEADER_TYPE = 0x0e;
    private static final int FIRST_CONVENTIONAL = 0x40;
    private static final int FIRST_EXTENDED = 0x100;
    private static final int END_EXTENDED = 0x1000;
    private static final int MOST_CONVENTIONAL = 48;

    public CapabilityChain {
        entries = List.copyOf(entries);
        problems = List.copyOf(problems);
    }

    /// One capability in a chain.
    ///
    /// @param id capability ID, 8 bits; 16 bits if extended
    /// @param extended which of the two chains
    /// @param version of an extended capability, 4 bits; 0 for a conventional one
    /// @param offset of its first byte in configuration space
    public record Entry(int id, boolean extended, int version, int offset) {}

    /// Follows both chains.
    public static CapabilityChain of(ConfigSpace config) {
        var entries = new ArrayList<Entry>();
        var problems = new ArrayList<String>();
        followConventional(config, entries, problems);
        followExtended(config, entries, problems);
        return new CapabilityChain(entries, problems);
    }

    /// Offset of the first conventional capability with this ID, 0 if none is known. Allocates nothing.
    public static int find(ConfigSpace config, int id) {
        int at = firstPointer(config);
        for (int left = MOST_CONVENTIONAL; left > 0 && at >= FIRST_CONVENTIONAL; left--) {
            if (!config.knows(at, 2)) {
                return 0;
            }
            int header = config.read16(at);
            if ((header & 0xff) == 0xff) {
                return 0;
            }
            if ((header & 0xff) == id) {
                return at;
            }
            at = header >>> 8 & 0xfc;
        }
        return 0;
    }

    /// Offset of the first extended capability with this ID, 0 if none is known. Allocates nothing.
    public static int findExtended(ConfigSpace config, int id) {
        int at = FIRST_EXTENDED;
        for (int left = (END_EXTENDED - FIRST_EXTENDED) / 8;
                left > 0 && at >= FIRST_EXTENDED && config.knows(at, 4);
                left--) {
            int header = config.read32(at);
            if (header == 0 || header == -1) {
                return 0;
            }
            if ((header & 0xffff) == id) {
                return at;
            }
            at = header >>> 20 & 0xffc;
        }
        return 0;
    }

    /// Whether the chain of conventional capabilities leads into bytes that are not known, so that a
    /// capability which was not found may still exist.
    public static boolean leadsIntoUnknown(ConfigSpace config) {
        int at = firstPointer(config);
        for (int left = MOST_CONVENTIONAL; left > 0 && at >= FIRST_CONVENTIONAL; left--) {
            if (!config.knows(at, 2)) {
                return true;
            }
            at = (config.read8(at) == 0xff) ? 0 : config.read8(at + 1) & 0xfc;
        }
        return false;
    }

    private static int firstPointer(ConfigSpace config) {
        if (!config.knows(HEADER_TYPE, 1) || (config.read16(STATUS) & STATUS_HAS_LIST) == 0) {
            return 0;
        }
        int pointer = (config.read8(HEADER_TYPE) & 0x7f) == 2 ? 0x14 : 0x34;
        return config.knows(pointer, 1) ? config.read8(pointer) & 0xfc : 0;
    }

    private static void followConventional(
            ConfigSpace config, List<Entry> entries, List<String> problems) {
        var seen = new boolean[0x100];
        String from = "the capability pointer";
        for (int at = firstPointer(config); at != 0; ) {
            if (at < FIRST_CONVENTIONAL) {
                problems.add("%s points to 0x%02x, inside the header".formatted(from, at));
                return;
            }
            if (!config.knows(at, 2)) {
                problems.add(
                        "%s points to 0x%02x; only %d bytes are known"
                                .formatted(from, at, config.size()));
                return;
            }
            if (seen[at]) {
                problems.add("%s points back to 0x%02x: the chain loops".formatted(from, at));
                return;
            }
            if (config.read8(at) == 0xff) {
                problems.add("%s points to 0x%02x, where nothing answers (ff)".formatted(from, at));
                return;
            }
            seen[at] = true;
            entries.add(new Entry(config.read8(at), false, 0, at));
            from = "the capability at 0x%02x".formatted(at);
            at = config.read8(at + 1) & 0xfc;
        }
    }

    private static void followExtended(
            ConfigSpace config, List<Entry> entries, List<String> problems) {
        var seen = new boolean[END_EXTENDED];
        String from = "the first extended capability";
        for (int at = config.size() > FIRST_EXTENDED ? FIRST_EXTENDED : 0; at != 0; ) {
            if (at < FIRST_EXTENDED) {
                problems.add("%s points to 0x%03x, below 0x100".formatted(from, at));
                return;
            }
            if (!config.knows(at, 4)) {
                problems.add(
                        "%s lies at 0x%03x; only %d bytes are known"
                                .formatted(from, at, config.size()));
                return;
            }
            if (seen[at]) {
                problems.add("%s points back to 0x%03x: the chain loops".formatted(from, at));
                return;
            }
            int header = config.read32(at);
            if (header == 0 && at == FIRST_EXTENDED) {
                return;
            }
            if (header == -1 || header == 0) {
                problems.add(
                        "%s points to 0x%03x, where there is no capability (%08x)"
                                .formatted(from, at, header));
                return;
            }
            seen[at] = true;
            entries.add(new Entry(header & 0xffff, true, header >>> 16 & 0xf, at));
            from = "the extended capability at 0x%03x".formatted(at);
            at = header >>> 20 & 0xffc;
        }
    }
}
