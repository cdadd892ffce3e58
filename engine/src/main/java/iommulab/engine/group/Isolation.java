package iommulab.engine.group;

import iommulab.engine.pci.Acs;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// Whether a function keeps its peer-to-peer traffic away from its neighbours, as `pci_acs_enabled`
/// of `drivers/pci/pci.c` answers for the four flags that grouping asks: source validation, request
/// redirect, completion redirect, upstream forwarding. Each function is judged once.
final class Isolation {
    /// The four flags.
    static final int WANTED =
            Acs.SOURCE_VALIDATION
                    | Acs.REQUEST_REDIRECT
                    | Acs.COMPLETION_REDIRECT
                    | Acs.UPSTREAM_FORWARDING;

    private final FunctionTable table;
    private final VendorRules quirks;
    private final GroupFacts facts;
    private final @Nullable Answer[] answers;

    /// For each bridge: number of the first function, from it up to the root bus, that is not
    /// isolated; [FunctionTable#NONE] if all are; [#UNASKED] before the first question.
    private final int[] firstOpen;

    /// Answers by capability and control register: few differ.
    private final Map<Integer, Answer> byRegisters = new HashMap<>();

    private static final int UNASKED = -2;

    Isolation(FunctionTable table, GroupFacts facts) {
        this.table = table;
        this.facts = facts;
        this.quirks = new VendorRules(table, facts);
        this.answers = new Answer[table.size()];
        this.firstOpen = new int[table.size()];
        Arrays.fill(firstOpen, UNASKED);
    }

    /// @param isolated whether the function keeps its traffic apart
    /// @param text why, continuing the name of the function: `does not redirect peer requests`
    /// @param evidence register bits or rule
    record Answer(boolean isolated, String text, String evidence) {}

    boolean isolated(int f) {
        return answer(f).isolated();
    }

    Answer answer(int f) {
        var known = answers[f];
        if (known == null) {
            known = judge(f);
            answers[f] = known;
        }
        return known;
    }

    /// Whether a bridge and all above it up to the root bus are isolated.
    boolean pathIsolated(int bridge) {
        return firstOpen(bridge) == FunctionTable.NONE;
    }

    /// The nearest of a bridge and those above it that is not isolated, or [FunctionTable#NONE].
    int firstOpen(int bridge) {
        if (bridge == FunctionTable.NONE) {
            return FunctionTable.NONE;
        }
        if (firstOpen[bridge] == UNASKED) {
            firstOpen[bridge] = isolated(bridge) ? firstOpen(table.parent(bridge)) : bridge;
        }
        return firstOpen[bridge];
    }

    private Answer judge(int f) {
        var quirk = quirks.judge(f);
        if (quirk != null) {
            return quirk;
        }
        return switch (table.type(f)) {
            case CONVENTIONAL ->
                    new Answer(
                            false,
                            "is conventional PCI, which cannot redirect peer requests",
                            "no PCI Express capability");
            case UNKNOWN ->
                    new Answer(false, "is of unknown type", "configuration bytes not captured");
            case PCIE_TO_PCI_BRIDGE, PCI_TO_PCIE_BRIDGE, EVENT_COLLECTOR, RESERVED ->
                    new Answer(
                            false,
                            "is never isolated",
                            "a " + table.type(f).words() + "; ACS does not count");
            case ROOT_PORT, DOWNSTREAM_PORT -> byRegisters(f);
            case ENDPOINT, LEGACY_ENDPOINT, UPSTREAM_PORT, ROOT_COMPLEX_ENDPOINT ->
                    table.isMultifunction(f)
                            ? byRegisters(f)
                            : new Answer(
                                    true,
                                    "has no other function beside it",
                                    "not multifunction: ACS not needed");
        };
    }

    private Answer byRegisters(int f) {
        var acs = Acs.of(table.function(f).config());
        if (acs.isEmpty()) {
            return new Answer(false, "has no ACS", "no ACS capability");
        }
        int offered = acs.get().capability() & ~quirks.hidden(f, facts.release());
        int control = acs.get().control();
        return byRegisters.computeIfAbsent(offered << 16 | control, _ -> byFlags(offered, control));
    }

    /// Every wanted flag that is offered must be set; one that is not offered counts as hard-wired on.
    static Answer byFlags(int offered, int control) {
        int missing = WANTED & offered & ~control;
        if (missing == 0) {
            return new Answer(true, "keeps peers apart", AcsWords.describe(offered, control));
        }
        return new Answer(false, AcsWords.complaint(missing), AcsWords.describe(offered, control));
    }
}
