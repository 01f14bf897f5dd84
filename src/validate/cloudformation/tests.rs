//! Templates of `CloudFormation`, and what is wrong with them.

use crate::validate::cases::Case;

const SOUND: &str = "AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Environment:
    Type: String
  DbPassword:
    Type: String
    NoEcho: true
  Vpc:
    Type: AWS::EC2::VPC::Id
Mappings:
  Sizes:
    production: {Db: db.t4g.small}
Conditions:
  IsProduction: !Equals [!Ref Environment, production]
Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub '${AWS::StackName}-${Environment}-${!literal}'
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
  WebGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: 443
          ToPort: 443
          CidrIp: 0.0.0.0/0
  Db:
    Type: AWS::RDS::DBInstance
    DependsOn: WebGroup
    Properties:
      DBInstanceClass: !FindInMap [Sizes, production, Db]
      StorageEncrypted: true
      PubliclyAccessible: false
      MultiAZ: !If [IsProduction, true, false]
      MasterUserPassword: !Ref DbPassword
      VPCSecurityGroups:
        - !GetAtt WebGroup.GroupId
  Role:
    Type: AWS::IAM::Role
    Condition: IsProduction
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource: '*'
  Http:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      Protocol: HTTP
      DefaultActions:
        - Type: redirect
Outputs:
  Bucket:
    Value: !GetAtt [Files, Arn]
";

const MEANT: &str = "AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Environment: {Type: String}
  Vpc: {Type: 'AWS::EC2::VPC::Id'}
  Open: {Type: String, Default: 'false'}
  All: {Type: String, Default: 10.0.0.0}
Mappings:
  Sizes:
    production: {Open: true}
Conditions:
  IsProduction: !Equals [!Ref Environment, production]
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - FromPort: 22
          ToPort: 22
          CidrIp: !Sub '${All}/8'
        - !If
          - IsProduction
          - {FromPort: 5432, ToPort: 5432, CidrIp: !Join ['/', [!Ref All, '8']]}
          - !Ref AWS::NoValue
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      StorageEncrypted: !If [IsProduction, true, true]
      PubliclyAccessible: !Ref Open
      MultiAZ: !FindInMap [Sizes, !Ref Environment, Open]
";

const GIVEN: &str = "[
  {\"ParameterKey\": \"Environment\", \"ParameterValue\": \"production\"},
  {\"ParameterKey\": \"Open\", \"ParameterValue\": \"false\"}
]
";

const JSON: &str = "{
  \"AWSTemplateFormatVersion\": \"2010-09-09\",
  \"Resources\": {
    \"Topic\": {
      \"Type\": \"AWS::SNS::Topic\",
      \"Properties\": {
        \"TopicName\": {\"Fn::Sub\": [\"${A}-x\", {\"A\": {\"Ref\": \"AWS::Region\"}}]}
      }
    }
  }
}
";

pub(in crate::validate) const CASES: &[Case] = &[
    Case {
        files: &[("infra/cloudformation/template.yaml", SOUND)],
        breaks: &[
            ("  Environment:\n", "  Environment: [\n", "template-syntax", 5),
            ("Outputs:", "Output:", "template-syntax", 61),
            ("    Type: AWS::EC2::SecurityGroup\n", "", "template-syntax", 25),
            ("AWS::S3::Bucket", "S3::Bucket", "template-syntax", 16),
            ("    DependsOn: WebGroup\n", "    StorageType: gp3\n", "template-syntax", 36),
            ("  Environment:\n    Type: String", "  Environment:\n    Type: Text", "template-syntax", 3),
            ("!Ref Vpc", "!Ref Vcp", "unknown-reference", 28),
            ("!Ref Vpc", "!Reff Vpc", "template-syntax", 28),
            ("${Environment}", "${Env}", "unknown-reference", 19),
            ("WebGroup.GroupId", "WebGrp.GroupId", "unknown-reference", 44),
            ("[Files, Arn]", "[File, Arn]", "unknown-reference", 63),
            ("[IsProduction, true", "[IsProd, true", "unknown-reference", 41),
            ("Condition: IsProduction", "Condition: IsProd", "unknown-reference", 47),
            ("[Sizes, production", "[Size, production", "unknown-reference", 38),
            ("DependsOn: WebGroup", "DependsOn: Group", "unknown-reference", 36),
            ("FromPort: 443", "FromPort: 22", "open-admin-port", 33),
            ("      StorageEncrypted: true\n", "", "unencrypted", 34),
            ("PubliclyAccessible: false", "PubliclyAccessible: true", "public-database", 40),
            ("BlockPublicAcls: true", "BlockPublicAcls: false", "public-storage", 21),
            ("s3:GetObject", "'*'", "broad-permissions", 53),
            ("- Type: redirect", "- Type: forward", "plain-transport", 58),
            ("!Ref DbPassword", "hunter2hunter2", "secret-in-file", 42),
            ("    NoEcho: true\n", "    NoEcho: true\n    Default: abc\n", "secret-in-file", 8),
            ("    NoEcho: true\n", "", "secret-in-output", 5),
        ],
    },
    Case {
        files: &[
            ("infra/cloudformation/template.yaml", MEANT),
            ("infra/cloudformation/parameters/production.json", GIVEN),
            ("infra/cloudformation/deploy.sh", "#!/bin/sh\nset -eu\naws x --parameter-overrides \\\n  Vpc=$1\n"),
        ],
        breaks: &[
            (
                "\"Environment\", \"P",
                "\"Environment\", \"ParameterValue\": \"x\"},{\"ParameterKey\": \"Env\", \"P",
                "unknown-reference",
                2,
            ),
            ("  {\"ParameterKey\": \"Environment\", \"ParameterValue\": \"production\"},\n", "", "missing-value", 1),
            ("  Vpc=$1", "  VpcId=$1", "missing-value", 1),
            ("\"ParameterValue\": \"false\"", "\"ParameterValue\": \"true\"", "public-database", 29),
            ("Default: 'false'", "Default: 'true'", "public-database", 29),
            ("!Ref Open", "!If [IsProduction, false, true]", "public-database", 29),
            ("!Ref Open", "!Select [0, ['true']]", "public-database", 29),
            ("!Ref Open\n", "!FindInMap [Sizes, !Ref Environment, Open]\n", "public-database", 29),
            ("[IsProduction, true, true]", "[IsProduction, true, false]", "unencrypted", 28),
            ("${All}/8", "${All}/1", "open-admin-port", 20),
            ("[!Ref All, '8']", "[!Ref All, '0']", "open-admin-port", 23),
            (
                "      VpcId",
                "      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']\n      VpcId",
                "broad-permissions",
                16,
            ),
        ],
    },
    Case {
        files: &[("infra/cloudformation/topic.json", JSON)],
        breaks: &[
            ("AWS::Region", "AWS::Regions", "unknown-reference", 7),
            ("${A}", "${B}", "unknown-reference", 7),
            ("\"AWS::SNS::Topic\",", "\"AWS::SNS::Topic\"", "template-syntax", 6),
            ("Fn::Sub", "Fn::Subst", "template-syntax", 7),
        ],
    },
];
