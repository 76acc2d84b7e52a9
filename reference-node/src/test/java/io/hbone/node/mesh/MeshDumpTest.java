package io.hbone.node.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.TrustDomain;
import io.hbone.node.config.LocalXds;
import io.hbone.node.text.Json;
import org.junit.jupiter.api.Test;

class MeshDumpTest {

    /** Beside it: what stock ztunnel (62d82653) shows for the same file, apart from the order of the fields. */
    @Test
    void dump_speaksTheWordsOfZtunnel() {
        Mesh mesh = Mesh.load(new LocalXds.Inline("""
                workloads:
                - uid: cluster1//v1/Pod/default/local
                  name: local
                  namespace: default
                  serviceAccount: local
                  workloadIps: ["127.0.0.1"]
                  protocol: HBONE
                  node: local
                  network: ""
                  workloadType: deployment
                  workloadName: localw
                  canonicalName: loc
                  canonicalRevision: v1
                  clusterId: Kubernetes
                  status: Healthy
                  locality: {region: r, zone: z}
                  capacity: 1
                  services: {"default/a.default.svc.cluster.local": {80: 8080}}
                services:
                - name: a
                  namespace: default
                  hostname: a.default.svc.cluster.local
                  vips: ["/127.10.0.1"]
                  ports: {80: 8080}
                """), TrustDomain.of("cluster.local"));

        assertThat(Json.pretty(mesh.dumpWorkloads())).isEqualTo("""
                        [
                          {
                            "workloadIps": [
                              "127.0.0.1"
                            ],
                            "protocol": "HBONE",
                            "networkMode": "Standard",
                            "uid": "cluster1//v1/Pod/default/local",
                            "name": "local",
                            "namespace": "default",
                            "trustDomain": "cluster.local",
                            "serviceAccount": "local",
                            "workloadName": "localw",
                            "workloadType": "deployment",
                            "canonicalName": "loc",
                            "canonicalRevision": "v1",
                            "node": "local",
                            "status": "Healthy",
                            "clusterId": "Kubernetes",
                            "locality": {
                              "region": "r",
                              "zone": "z"
                            },
                            "services": [
                              "default/a.default.svc.cluster.local"
                            ],
                            "capacity": 1
                          }
                        ]
                        """);
        assertThat(Json.pretty(mesh.dumpServices())).isEqualTo("""
                        [
                          {
                            "name": "a",
                            "namespace": "default",
                            "hostname": "a.default.svc.cluster.local",
                            "vips": [
                              "/127.10.0.1"
                            ],
                            "ports": {
                              "80": 8080
                            },
                            "endpoints": {
                              "cluster1//v1/Pod/default/local": {
                                "workloadUid": "cluster1//v1/Pod/default/local",
                                "port": {
                                  "80": 8080
                                },
                                "status": "Healthy"
                              }
                            },
                            "subjectAltNames": [],
                            "canonical": false,
                            "visibility": "Public"
                          }
                        ]
                        """);
    }
}
