/// The Traffic perspective: which device asks for what how often, and what it costs.
package iommulab.app.traffic;
