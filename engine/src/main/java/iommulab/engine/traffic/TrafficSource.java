package iommulab.engine.traffic;

import iommulab.engine.pci.PciAddress;

/// One device's share of the traffic.
///
/// @param id number of the source within the machine, from 1
/// @param device the function that asks
/// @param weight its share of the requests, 1 to 1000, against the sum of all weights
/// @param requestBytes length of one request, 1 to 4096
/// @param writePercent share of writes where the pattern leaves it open, 0 to 100
/// @param seed of its random numbers
public record TrafficSource(
        int id,
        PciAddress device,
        Pattern pattern,
        int weight,
        int requestBytes,
        int writePercent,
        long seed) {
    public TrafficSource {
        if (weight < 1 || weight > 1000) {
            throw new IllegalArgumentException("weight %d: take 1 to 1000".formatted(weight));
        }
        if (requestBytes < 1 || requestBytes > 4096) {
            throw new IllegalArgumentException(
                    "%d bytes a request: take 1 to 4096".formatted(requestBytes));
        }
        if (writePercent < 0 || writePercent > 100) {
            throw new IllegalArgumentException(
                    "%d %% writes: take 0 to 100".formatted(writePercent));
        }
    }
}
