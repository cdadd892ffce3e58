package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.iommu.WalkCosts;

import java.util.EnumMap;
import java.util.Map;

/// What each event costs, in cycles, ready for the path of a request. One engine thread owns it.
final class CostTable {
    private final EnumMap<CostEvent, Long> prices = new EnumMap<>(CostEvent.class);
    long link;
    long peerTurn;
    private WalkCosts walkCosts = new WalkCosts(0, 0, 0, 0);

    CostTable() {
        for (var event : CostEvent.values()) {
            prices.put(event, event.defaultCycles());
        }
        adopt();
    }

    Map<CostEvent, Long> prices() {
        return Map.copyOf(prices);
    }

    void set(CostEvent event, long cycles) {
        prices.put(event, cycles);
        adopt();
    }

    void set(Map<CostEvent, Long> then) {
        prices.putAll(then);
        adopt();
    }

    private void adopt() {
        link = price(CostEvent.LINK);
        peerTurn = price(CostEvent.PEER_TURN);
        walkCosts =
                new WalkCosts(
                        price(CostEvent.MEMORY_READ),
                        price(CostEvent.DEVICE_CACHE_PROBE),
                        price(CostEvent.IOTLB_PROBE),
                        price(CostEvent.PAGING_CACHE_PROBE));
    }

    long price(CostEvent event) {
        return prices.getOrDefault(event, event.defaultCycles());
    }

    /// The prices of a walk's steps.
    WalkCosts walkCosts() {
        return walkCosts;
    }

    void addTo(Fingerprint hash) {
        for (var event : CostEvent.values()) {
            hash.add(price(event));
        }
    }
}
