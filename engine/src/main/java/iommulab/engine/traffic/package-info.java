/// Devices that do DMA: seeded sources of requests.
package iommulab.engine.traffic;
