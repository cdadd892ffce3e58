package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.pci.RequesterId;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A driver's book of the devices that have services of their own: by requester.
final class ServiceBook {
    private final TreeMap<Integer, DeviceServices> services = new TreeMap<>();

    ServiceBook() {}

    ServiceBook(Map<Integer, DeviceServices> then) {
        services.putAll(then);
    }

    DeviceServices of(RequesterId requester) {
        return services.getOrDefault(requester.raw(), DeviceServices.NONE);
    }

    void set(RequesterId requester, DeviceServices value) {
        if (value.equals(DeviceServices.NONE)) {
            services.remove(requester.raw());
        } else {
            services.put(requester.raw(), value);
        }
    }

    /// Everybody who has a TLB.
    List<RequesterId> withDeviceTlb() {
        return services.keySet().stream().map(RequesterId::new).toList();
    }

    Map<Integer, DeviceServices> all() {
        return Map.copyOf(services);
    }

    /// Refuses what hardware cannot do.
    ///
    /// @param deviceTlb whether it takes translation requests
    /// @param pageRequests whether it takes page requests
    static void requireSupport(DeviceServices wanted, boolean deviceTlb, boolean pageRequests)
            throws MappingRefused {
        if (wanted.deviceTlb() && !deviceTlb) {
            throw new MappingRefused(
                    "EOPNOTSUPP",
                    "The IOMMU takes no translation requests: no device below it can have a TLB.");
        }
        if (wanted.pageRequests() && !pageRequests) {
            throw new MappingRefused(
                    "EOPNOTSUPP", "The IOMMU as it is set up takes no page requests.");
        }
    }
}
