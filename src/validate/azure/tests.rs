//! Templates for Azure, and what is wrong with them.

use crate::validate::cases::Case;

const ARM: &str = "{
  \"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#\",
  \"contentVersion\": \"1.0.0.0\",
  \"parameters\": {
    \"location\": { \"type\": \"string\", \"defaultValue\": \"[resourceGroup().location]\" },
    \"sqlPassword\": { \"type\": \"securestring\" }
  },
  \"variables\": {
    \"name\": \"[concat('shop-', uniqueString(resourceGroup().id), 'it''s')]\"
  },
  \"resources\": [
    {
      \"type\": \"Microsoft.Sql/servers\",
      \"apiVersion\": \"2023-08-01\",
      \"name\": \"[variables('name')]\",
      \"location\": \"[parameters('location')]\",
      \"properties\": {
        \"administratorLoginPassword\": \"[parameters('sqlPassword')]\",
        \"minimalTlsVersion\": \"1.2\",
        \"publicNetworkAccess\": \"Disabled\"
      }
    },
    {
      \"type\": \"Microsoft.Web/sites\",
      \"apiVersion\": \"2024-04-01\",
      \"name\": \"web\",
      \"dependsOn\": [ \"[resourceId('Microsoft.Sql/servers', variables('name'))]\" ],
      \"properties\": { \"httpsOnly\": true }
    }
  ],
  \"outputs\": {
    \"host\": { \"type\": \"string\", \"value\": \"[reference(resourceId('Microsoft.Web/sites', 'web')).defaultHostName]\" }
  }
}
";

const VALUES: &str = "{
  \"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#\",
  \"contentVersion\": \"1.0.0.0\",
  \"parameters\": {
    \"location\": { \"value\": \"westeurope\" }
  }
}
";

const MEANT: &str = "{
  \"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#\",
  \"contentVersion\": \"1.0.0.0\",
  \"parameters\": {
    \"open\": { \"type\": \"bool\" },
    \"offices\": { \"type\": \"string\", \"defaultValue\": \"192.168.0.0/16\" }
  },
  \"variables\": {
    \"settings\": { \"access\": \"Disabled\" }
  },
  \"resources\": [
    {
      \"type\": \"Microsoft.Sql/servers\",
      \"apiVersion\": \"2023-08-01\",
      \"name\": \"sql\",
      \"properties\": {
        \"publicNetworkAccess\": \"[if(parameters('open'), 'Disabled', variables('settings').access)]\"
      }
    },
    {
      \"type\": \"Microsoft.Network/networkSecurityGroups/securityRules\",
      \"apiVersion\": \"2024-05-01\",
      \"name\": \"group/ssh\",
      \"properties\": {
        \"direction\": \"Inbound\",
        \"access\": \"Allow\",
        \"destinationPortRange\": \"22\",
        \"sourceAddressPrefix\": \"[concat('10.0.0.0', '/', '8')]\"
      }
    },
    {
      \"type\": \"Microsoft.Network/networkSecurityGroups/securityRules\",
      \"apiVersion\": \"2024-05-01\",
      \"name\": \"group/rdp\",
      \"properties\": {
        \"direction\": \"Inbound\", \"access\": \"Allow\", \"sourceAddressPrefix\": \"[parameters('offices')]\",
        \"destinationPortRange\": \"3389\"
      }
    }
  ]
}
";

const GIVEN: &str = "{
  \"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#\",
  \"contentVersion\": \"1.0.0.0\",
  \"parameters\": {
    \"open\": { \"value\": true },
    \"offices\": { \"value\": \"10.0.0.0/8\" }
  }
}
";

const MEANT_BICEP: &str = "param open bool
param offices string = '192.168.0.0/16'
var access = {
  closed: 'Disabled'
}
var all = '10.0.0.0'

resource sql 'Microsoft.Sql/servers@2023-08-01' = {
  name: 'sql'
  properties: { publicNetworkAccess: open ? access.closed : 'Disabled' }
}

resource group 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'group'
  properties: {
    securityRules: [
      {
        name: 'ssh'
        properties: {
          direction: 'Inbound'
          access: 'Allow'
          destinationPortRange: '22'
          sourceAddressPrefix: '${all}/8'
        }
      }
      {
        name: 'rdp'
        properties: {
          direction: 'Inbound'
          access: 'Allow'
          destinationPortRange: '3389'
          sourceAddressPrefix: offices
        }
      }
    ]
  }
}
";

const BICEP: &str = "targetScope = 'resourceGroup'

@description('Where')
param location string = resourceGroup().location
@secure()
param sqlPassword string
param offices array = []

var name = 'shop-${uniqueString(resourceGroup().id)}'
var rules = [for (office, i) in offices: {
  name: 'office-${i}'
  value: office
}]
var long = '''
  any { text
'''

resource plan 'Microsoft.Web/serverfarms@2024-04-01' existing = {
  name: 'plan'
}

resource web 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: {
      minTlsVersion: '1.2'
    }
  }
}

resource sql 'Microsoft.Sql/servers@2023-08-01' = if (!empty(offices)) {
  name: '${name}-sql'
  properties: {
    administratorLoginPassword: sqlPassword
    publicNetworkAccess: 'Disabled'
  }
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: 'vault'
  properties: {
    networkAcls: { defaultAction: 'Deny' }
  }
}

resource group 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'group'
  properties: {
    securityRules: [
      {
        name: 'https'
        properties: {
          direction: 'Inbound'
          access: 'Allow'
          sourceAddressPrefix: 'Internet'
          destinationPortRange: '443'
        }
      }
    ]
  }
}

module network './network.bicep' = {
  params: {
    names: map(rules, rule => rule.name)
    text: long
  }
}

output host string = web.properties.defaultHostName
output network string = network.outputs.id
";

pub(in crate::validate) const CASES: &[Case] = &[
    Case {
        files: &[("infra/arm/azuredeploy.json", ARM), ("infra/arm/azuredeploy.parameters.json", VALUES)],
        breaks: &[
            (
                "\"contentVersion\": \"1.0.0.0\",\n  \"parameters\": {\n    \"location\": { \"type\"",
                "\"contentVersion\": \"1.0.0.0\"\n  \"parameters\": {\n    \"location\": { \"type\"",
                "template-syntax",
                4,
            ),
            ("\"outputs\"", "\"output\"", "template-syntax", 31),
            ("      \"apiVersion\": \"2023-08-01\",\n", "", "template-syntax", 12),
            ("uniqueString(resourceGroup().id)", "uniqueString(resourceGroup().id", "template-syntax", 9),
            ("\"type\": \"securestring\"", "\"type\": \"secure\"", "template-syntax", 6),
            ("parameters('location')", "parameters('place')", "unknown-reference", 16),
            ("[variables('name')]", "[variables('nom')]", "unknown-reference", 15),
            ("[resourceId('Microsoft.Sql/servers'", "[resourceId('Microsoft.Sql/server'", "unknown-reference", 27),
            ("\"Disabled\"", "\"Enabled\"", "public-database", 20),
            ("\"minimalTlsVersion\": \"1.2\"", "\"minimalTlsVersion\": \"1.0\"", "plain-transport", 19),
            ("\"httpsOnly\": true", "\"httpsOnly\": false", "plain-transport", 28),
            ("{ \"type\": \"securestring\" }", "{ \"type\": \"string\" }", "secret-in-output", 6),
            (
                "{ \"type\": \"securestring\" }",
                "{ \"type\": \"securestring\", \"defaultValue\": \"x\" }",
                "secret-in-file",
                6,
            ),
            ("[parameters('sqlPassword')]", "hunter2hunter2", "secret-in-file", 18),
            ("\"location\": { \"value\"", "\"place\": { \"value\"", "unknown-reference", 5),
            (
                "{ \"value\": \"westeurope\" }",
                "{ \"value\": \"x\" }, \"sqlPassword\": { \"value\": \"x\" }",
                "secret-in-file",
                5,
            ),
        ],
    },
    Case {
        files: &[
            ("infra/arm/main.json", MEANT),
            ("infra/arm/parameters/production.json", GIVEN),
            ("infra/bicep/main.bicep", MEANT_BICEP),
            ("infra/bicep/parameters/production.json", GIVEN),
        ],
        breaks: &[
            ("{ \"access\": \"Disabled\" }", "{ \"access\": \"Enabled\" }", "public-database", 17),
            ("if(parameters('open'), 'Disabled'", "if(parameters('open'), 'Enabled'", "public-database", 17),
            ("'/', '8'", "'/', '0'", "open-admin-port", 28),
            ("\"value\": \"10.0.0.0/8\"", "\"value\": \"::/0\"", "open-admin-port", 36),
            (
                "\"open\": { \"value\": true }",
                "\"opens\": { \"value\": true }, \"open\": { \"value\": true }",
                "unknown-reference",
                5,
            ),
            ("\"open\": { \"value\": true },\n    \"offices\"", "\"offices\"", "missing-value", 1),
            ("closed: 'Disabled'", "closed: 'Enabled'", "public-database", 10),
            ("? access.closed", "? 'Enabled'", "public-database", 10),
            ("${all}/8", "${all}/0", "open-admin-port", 23),
        ],
    },
    Case {
        files: &[("infra/bicep/main.bicep", BICEP), ("infra/bicep/network.bicep", "output id string = 'x'\n")],
        breaks: &[
            ("param location string", "parm location string", "bicep-syntax", 4),
            ("  properties: {\n    serverFarmId", "  properties: \n    serverFarmId", "bicep-syntax", 32),
            ("var name = ", "var name ", "bicep-syntax", 9),
            ("'${name}-sql'", "'${name}-sql", "bicep-syntax", 35),
            ("var long = ", "var name = 'x'\nvar long = ", "bicep-syntax", 14),
            ("'Microsoft.Web/sites@2024-04-01'", "'Microsoft.Web/sites'", "bicep-syntax", 22),
            ("plan.id", "farm.id", "unknown-reference", 26),
            ("name: name\n", "name: nam\n", "unknown-reference", 23),
            ("'${name}-sql'", "'${nam}-sql'", "unknown-reference", 35),
            ("rule => rule.name", "rule => role.name", "unknown-reference", 68),
            ("web.properties.defaultHostName", "wep.properties.defaultHostName", "unknown-reference", 73),
            ("'./network.bicep'", "'./net.bicep'", "unknown-file", 66),
            ("    httpsOnly: true\n", "", "plain-transport", 22),
            ("httpsOnly: true", "httpsOnly: false", "plain-transport", 27),
            ("minTlsVersion: '1.2'", "minTlsVersion: '1.0'", "plain-transport", 29),
            ("'Disabled'", "'Enabled'", "public-database", 38),
            ("'Deny'", "'Allow'", "public-storage", 42),
            ("'443'", "'20-30'", "open-admin-port", 58),
            ("@secure()\n", "", "secret-in-output", 5),
            ("param sqlPassword string", "param sqlPassword string = 'abc'", "secret-in-file", 6),
            (
                "administratorLoginPassword: sqlPassword",
                "administratorLoginPassword: 'hunter2hunter2'",
                "secret-in-file",
                37,
            ),
        ],
    },
];
