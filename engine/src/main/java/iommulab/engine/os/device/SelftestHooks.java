package iommulab.engine.os.device;

import iommulab.engine.iommu.PageResponse;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What the kernel's self-test can see of a device and do to it from behind. Source: kernel
/// `drivers/iommu/iommufd/selftest.c`, `struct mock_dev`.
public final class SelftestHooks {
    /// How many words the device's own cache has.
    public static final int CACHE_WORDS = 4;

    private final Cell<Integer> filled;
    private final Cell<Optional<PlannedError>> planned;
    private final Cell<String> lastResponse;
    private final Cell<Integer> requestGroups;

    /// A failure that waits for its moment.
    ///
    /// @param step whether it meets the first attachment of a PASID, or a change of table
    /// @param errno that the IOMMU's driver will report
    public record PlannedError(PasidStep step, String errno) {}

    /// What the driver of an IOMMU does to a PASID.
    public enum PasidStep {
        ATTACH,
        REPLACE,
        /// either
        ANY
    }

    SelftestHooks(Ledger ledger) {
        filled = new Cell<>(ledger, (1 << CACHE_WORDS) - 1);
        planned = new Cell<>(ledger, Optional.empty());
        lastResponse = new Cell<>(ledger, "none");
        requestGroups = new Cell<>(ledger, 0);
    }

    // ---- cache

    /// The words of its cache: 1 for a filled one, 0 for one that was invalidated.
    public List<Integer> cache() {
        var words = new ArrayList<Integer>();
        for (int word = 0; word < CACHE_WORDS; word++) {
            words.add(filled.get() >>> word & 1);
        }
        return words;
    }

    public void invalidateWord(int word) {
        filled.set(filled.get() & ~(1 << word));
    }

    public void invalidateAll() {
        filled.set(0);
    }

    // ---- errors

    /// The next matching change of a PASID will fail, once.
    public void plan(PlannedError error) {
        planned.set(Optional.of(error));
    }

    /// @throws CallFailed as planned; that it has happened stays remembered
    void failIfPlanned(String device, PasidStep step) throws CallFailed {
        var error = planned.get();
        if (error.isPresent()
                && (error.get().step() == PasidStep.ANY || error.get().step() == step)) {
            planned.set(Optional.empty());
            throw new CallFailed(
                            error.get().errno(),
                            "The IOMMU's driver fails for %s, as the self-test ordered."
                                    .formatted(device))
                    .keepingWork();
        }
    }

    // ---- page requests

    /// What was answered to its last page request: `success`, `invalid`, `failure`; `none` before any.
    public String lastResponse() {
        return lastResponse.get();
    }

    /// An answer reaches the device.
    public void answered(PageResponse response) {
        lastResponse.set(
                switch (response) {
                    case SUCCESS -> "success";
                    case INVALID_REQUEST -> "invalid";
                    case FAILURE -> "failure";
                });
    }

    /// Index of the next group of page requests, 9 bits.
    public int nextRequestGroup() {
        int index = requestGroups.get();
        requestGroups.set(index + 1 & 0x1ff);
        return index;
    }
}
