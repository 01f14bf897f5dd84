//! Manifests, and what is wrong with them.

use crate::validate::cases::Case;
use crate::validate::check_all;

const APP: &str = "# The secret shop-env is made by deploy.sh.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop, tier: web}
    spec:
      automountServiceAccountToken: false
      serviceAccountName: shop
      securityContext:
        runAsNonRoot: true
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: app
          image: registry.example.com/shop:1.4
          ports:
            - {name: http, containerPort: 3000}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 256Mi}
          readinessProbe: {httpGet: {path: /, port: http}}
          livenessProbe: {httpGet: {path: /, port: http}}
          env:
            - name: MODE
              value: production
          envFrom:
            - configMapRef: {name: shop}
            - secretRef: {name: shop-env}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
      volumes:
        - name: tmp
          emptyDir: {}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
data: {A: b}
";

const ROUTES: &str = "apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports:
    - {name: http, port: 80, targetPort: http}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
    - http:
        paths:
          - path: /
            backend:
              service:
                name: shop
                port: {number: 80}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec:
  selector:
    matchLabels: {app: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: shop}
rules:
  - {apiGroups: [''], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: shop}
subjects:
  - {kind: ServiceAccount, name: shop}
";

const BASE: &str = "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - app.yaml
  - routes.yaml
images:
  - name: registry.example.com/shop
    newTag: '1.5'
configMapGenerator:
  - name: more
    literals: [LOG_LEVEL=debug]
";

const OVERLAY: &str = "resources:
  - ../../base
patches:
  - path: size.yaml
  - target: {kind: Deployment, name: shop}
    patch: |
      - op: remove
        path: /spec/replicas
  - patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: shop
      spec:
        paused: false
configMapGenerator:
  - name: more
    behavior: merge
    literals: [LOG_LEVEL=info]
replicas:
  - name: shop
    count: 3
secretGenerator:
  - name: other
    literals: ['A=']
";

const PATCH: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: 4\n";

pub(in crate::validate) const CASES: &[Case] = &[Case {
    files: &[
        ("k8s/base/app.yaml", APP),
        ("k8s/base/routes.yaml", ROUTES),
        ("k8s/base/kustomization.yaml", BASE),
        ("k8s/overlays/production/kustomization.yaml", OVERLAY),
        ("k8s/overlays/production/size.yaml", PATCH),
    ],
    breaks: &[
        ("matchLabels: {app: shop}", "matchLabels: {app: shop", "manifest-syntax", 9),
        ("kind: ServiceAccount\n", "", "manifest-syntax", 44),
        ("apiVersion: apps/v1\nkind: Deployment", "apiVersion: apps/v1beta1\nkind: Deployment", "manifest-syntax", 2),
        ("metadata: {name: shop}\ndata", "metadata: {name: Shop_}\ndata", "manifest-syntax", 50),
        ("    matchLabels: {app: shop}\n", "    matchLabels: {app: web}\n", "unknown-reference", 8),
        ("runAsNonRoot: true", "runAsNonRoot: false", "root-user", 19),
        ("readOnlyRootFilesystem: true", "privileged: false", "writable-root", 19),
        ("allowPrivilegeEscalation: false", "runAsUser: 1000", "privilege-escalation", 19),
        ("drop: [ALL]", "add: [NET_ADMIN]", "kept-capabilities", 19),
        ("        seccompProfile: {type: RuntimeDefault}\n", "", "no-seccomp", 18),
        ("limits: {memory: 256Mi}", "limits: {cpu: 1}", "no-limits", 19),
        ("          livenessProbe: {httpGet: {path: /, port: http}}\n", "", "no-probe", 19),
        ("automountServiceAccountToken: false", "enableServiceLinks: false", "mounted-token", 13),
        (
            "automountServiceAccountToken: false",
            "automountServiceAccountToken: false\n      hostNetwork: true",
            "host-access",
            14,
        ),
        ("emptyDir: {}", "hostPath: {path: /etc}", "host-access", 42),
        ("shop:1.4", "shop:latest", "unpinned-image", 20),
        ("name: MODE", "name: API_TOKEN", "secret-in-file", 34),
        ("configMapRef: {name: shop}", "configMapRef: {name: shp}", "unknown-reference", 36),
        ("# The secret shop-env is made by deploy.sh.", "#", "unknown-reference", 37),
        ("serviceAccountName: shop", "serviceAccountName: shp", "unknown-reference", 14),
        ("{name: tmp, mountPath", "{name: temp, mountPath", "unknown-reference", 39),
        ("selector: {app: shop}", "selector: {app: web}", "unknown-reference", 5),
        ("targetPort: http", "targetPort: web", "unknown-reference", 7),
        ("targetPort: http", "targetPort: 8080", "unknown-reference", 7),
        ("                name: shop\n", "                name: web\n", "unknown-reference", 18),
        ("number: 80", "number: 81", "unknown-reference", 20),
        ("kind: Deployment, name: shop}\n---", "kind: Deployment, name: web}\n---", "unknown-reference", 26),
        (
            "matchLabels: {app: shop}\n---\napiVersion: rbac",
            "matchLabels: {app: web}\n---\napiVersion: rbac",
            "unknown-reference",
            33,
        ),
        ("resources: [pods], verbs: [get]", "resources: ['*'], verbs: ['*']", "broad-permissions", 39),
        ("resources: [pods], verbs: [get]", "resources: [pods], verbs: ['*']", "broad-permissions", 39),
        ("resources: [pods], verbs: [get]", "resources: [roles], verbs: [bind]", "broad-permissions", 39),
        ("kind: Role, name: shop}", "kind: ClusterRole, name: cluster-admin}", "broad-permissions", 44),
        ("kind: Role, name: shop}", "kind: Role, name: shp}", "unknown-reference", 44),
        ("{kind: ServiceAccount, name: shop}", "{kind: ServiceAccount, name: shp}", "unknown-reference", 46),
        ("{kind: ServiceAccount, name: shop}", "{kind: Group, name: system:authenticated}", "broad-permissions", 46),
        ("data: {A: b}", "data: {API_TOKEN: abcdefgh}", "secret-in-file", 51),
        ("data: {A: b}", "data: {DATABASE_URL: 'postgres://a:hunter2@db/a'}", "secret-in-file", 51),
        ("drop: [ALL]", "drop: [ALL], add: [SYS_ADMIN]", "host-access", 26),
        ("containerPort: 3000", "containerPort: 3000, hostPort: 80", "host-access", 22),
        ("value: production", "value: 'amqp://a:hunter2@queue'", "secret-in-file", 34),
        ("  - routes.yaml", "  - route.yaml", "unknown-file", 5),
        ("  - ../../base", "  - ../base", "unknown-file", 2),
        ("path: size.yaml", "path: big.yaml", "unknown-file", 4),
        ("target: {kind: Deployment, name: shop}", "target: {kind: Deployment, name: web}", "unknown-reference", 5),
        ("  - name: shop\n    count", "  - name: web\n    count", "unknown-reference", 21),
        ("        name: shop\n      spec", "        name: web\n      spec", "unknown-reference", 13),
        ("  - name: more\n    behavior", "  - name: less\n    behavior", "unknown-reference", 17),
        (
            "kind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas",
            "kind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas",
            "unknown-reference",
            4,
        ),
        ("name: registry.example.com/shop", "name: shop", "unknown-reference", 7),
        ("newTag: '1.5'", "newTag: latest", "unpinned-image", 8),
        ("['A=']", "['A=b']", "secret-in-file", 25),
        ("images:\n", "image:\n", "manifest-syntax", 6),
        (
            "metadata: {name: shop}\ndata: {A: b}",
            "metadata: {name: shop}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {A: eA==}",
            "secret-in-file",
            55,
        ),
    ],
}];

const DATABASE: &str = "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector:
    matchLabels: {app: db}
  template:
    metadata:
      labels: {app: db}
    spec:
      containers:
        - name: db
          image: postgres:16
          ports:
            - {name: postgres, containerPort: 5432}
---
apiVersion: v1
kind: Service
metadata:
  name: db
  annotations: {a: b}
spec:
  selector: {app: db}
  ports:
    - {port: 443, targetPort: postgres}
";

#[test]
fn a_service_that_opens_a_database_is_told() {
    let told = |ways: &str, notes: &str| {
        let text = DATABASE.replace("{a: b}", notes).replace("  selector: {app: db}\n", ways);
        let files = [("k8s/db.yaml".to_owned(), text)].into();
        let faults = check_all(&files).into_iter().filter(|fault| fault.rule == "public-database");
        faults.map(|fault| fault.line).collect::<Vec<_>>()
    };
    let selected = "  selector: {app: db}\n";
    assert_eq!(told(selected, "{a: b}"), []);
    for way in ["type: LoadBalancer", "type: NodePort", "externalIPs: [203.0.113.1]"] {
        assert_eq!(told(&format!("  {way}\n{selected}"), "{a: b}"), [Some(24)], "{way}");
    }
    let inner = "{service.beta.kubernetes.io/azure-load-balancer-internal: 'true'}";
    assert_eq!(told(&format!("  type: LoadBalancer\n{selected}"), inner), []);
}
