package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.vtd.VtdUnit;

import java.util.EnumMap;
import java.util.Map;

/// What each event costs, in cycles, ready for the path of a request. One engine thread owns it.
final class CostTable {
    private final EnumMap<CostEvent, Long> prices = new EnumMap<>(CostEvent.class);
    long link;
    long peerTurn;
    private long read;
    private long deviceProbe;
    private long iotlbProbe;
    private long pagingProbe;

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
        read = price(CostEvent.MEMORY_READ);
        deviceProbe = price(CostEvent.DEVICE_CACHE_PROBE);
        iotlbProbe = price(CostEvent.IOTLB_PROBE);
        pagingProbe = price(CostEvent.PAGING_CACHE_PROBE);
    }

    long price(CostEvent event) {
        return prices.getOrDefault(event, event.defaultCycles());
    }

    /// Cost of what a unit did for its last request.
    long of(VtdUnit unit, int reads) {
        var caches = unit.caches();
        long cost = reads * read + unit.lastPagingProbes() * pagingProbe;
        if (!caches.shapes().of(CacheKind.DEVICE_ENTRY).isOff()) {
            cost += deviceProbe;
        }
        if (unit.lastDomain() >= 0 && !caches.shapes().of(CacheKind.IOTLB).isOff()) {
            cost += iotlbProbe;
        }
        return cost;
    }

    /// The prices of a walk's steps.
    WalkCosts walkCosts() {
        return new WalkCosts(read, deviceProbe, iotlbProbe, pagingProbe);
    }

    void addTo(Fingerprint hash) {
        for (var event : CostEvent.values()) {
            hash.add(price(event));
        }
    }
}
